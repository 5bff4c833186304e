import type { RedirectTarget, RouteSpec } from "../../release/spec.ts";
import { isIPv4 } from "../../server/addresses.ts";
import { readHost, readRoute } from "../hosts.ts";
import { bad, good, refuse, show, type Read } from "../values.ts";
import { about, type FileKeys, type Found, type Key } from "./key.ts";

/** One line of `redirect`; `https` is undefined where the line leaves it to the service. */
type Redirect =
  | { readonly kind: "www" }
  | {
      readonly kind: "host";
      readonly host: string;
      readonly to: Omit<RedirectTarget, "https"> & { readonly https: boolean | undefined };
    };

/** The key whose hosts only lead to another place. */
export const redirect: Key<Redirect> = {
  name: "redirect",
  many: true,
  syntax: "host -> host[/path], or www",
  fallback: "none",
  help: "The left host redirects to the right one and keeps path and query. www: www.<domain> redirects to each domain.",
  read: readRedirect,
};

function readRedirect(line: string): Read<Redirect> {
  if (line.toLowerCase() === "www") return good({ kind: "www" });
  const [, left, right] = /^(\S+)\s*(?:->|→)\s*(\S+)$/.exec(line) ?? [];
  if (left === undefined || right === undefined)
    return bad("two hosts such as old.example.com -> www.example.com, or www", line);
  if (left.includes("/") || left.toLowerCase() === "auto")
    return refuse(`the left side should be a host, got "${show(left)}"`);
  const host = readHost(left);
  if ("bad" in host) return host;
  const [, scheme, place = right] = /^(https?):\/\/(.*)$/i.exec(right) ?? [];
  const to = readRoute(place);
  if ("bad" in to) return to;
  if (to.value.host.startsWith("*."))
    return refuse(`the right side should be one host, got "${show(right)}"`);
  const https = scheme === undefined ? undefined : scheme.toLowerCase() === "https";
  return good({ kind: "host", host: host.value, to: { ...to.value, https } });
}

/** The routes that only redirect, each with its place; `own` are those of the service itself. */
export function redirectRoutes(
  { values }: Pick<FileKeys, "values">,
  own: readonly Found<RouteSpec>[],
): readonly Found<RouteSpec>[] {
  const isHttps = own.some(({ value }) => value.https);
  /** The scheme of an own place; https where it has both. */
  const schemeOf = (host: string): boolean | undefined => {
    const there = own.filter(({ value }) => value.host === host);
    return there.length === 0 ? undefined : there.some(({ value }) => value.https);
  };
  return values(redirect).flatMap(({ value, ...place }): readonly Found<RouteSpec>[] => {
    if (value.kind === "www")
      return bareHosts(own).map((host) => {
        const https = schemeOf(host) ?? isHttps;
        const to = { host, path: "", https };
        return { ...place, value: { host: `www.${host}`, path: "", https, to } };
      });
    const https = value.to.https ?? schemeOf(value.to.host) ?? isHttps;
    const to = { host: value.to.host, path: value.to.path, https };
    return [{ ...place, value: { host: value.host, path: "", https: isHttps, to } }];
  });
}

/** The hosts for which `www` makes a redirect. */
const bareHosts = (own: readonly Found<RouteSpec>[]): readonly string[] => [
  ...new Set(
    own
      .map(({ value }) => value.host)
      .filter((host) => host !== "auto" && !/^(\*|www)\./.test(host) && !isIPv4(host)),
  ),
];

/** Reports redirects that are none, lead in a circle, or take a host that the service needs. */
export function checkRedirects(file: FileKeys, own: readonly Found<RouteSpec>[]): void {
  const { values, problems, warnings } = file;
  const [first] = values(redirect);
  if (first === undefined) return;
  if (own.length === 0) {
    const hint = "add a line such as: # mypaas.domain = www.example.com";
    return problems.add(first, about(redirect, "needs a mypaas.domain"), hint);
  }
  const www = values(redirect).filter(({ value }) => value.kind === "www");
  for (const again of www.slice(1))
    problems.add(again, about(redirect, `www is already on line ${www[0]?.line}`));
  if (www[0] !== undefined && bareHosts(own).length === 0)
    warnings.add(www[0], about(redirect, "www has no effect: no domain is without www"));
  const all = redirectRoutes(file, own).filter(
    ({ line }) => !www.slice(1).some((one) => one.line === line),
  );
  const seen = new Map<string, number>();
  for (const found of all) {
    const { host, to, https } = found.value;
    const say = (message: string, hint?: string): void =>
      problems.add(found, about(redirect, message), hint);
    const before = seen.get(host);
    const taken = own.find(({ value }) => value.host === host);
    const next = all.find(({ value }) => value.host === to?.host);
    if (before !== undefined) say(`${host} is already on line ${before}`);
    else if (taken !== undefined) say(`${host} is a domain of the service, on line ${taken.line}`);
    else if (to?.host === host) say(`${host} leads to itself`);
    else if (next !== undefined)
      say(
        `${host} leads to ${to?.host}, which is redirected on line ${next.line}`,
        "redirect straight to the last place",
      );
    else if (https && isIPv4(host)) say(`https is not possible for the IP address ${host}`);
    seen.set(host, before ?? found.line);
  }
}
