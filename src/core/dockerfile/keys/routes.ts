import type { Change } from "../../release/change.ts";
import { writeRoute, type RedirectTarget, type RouteSpec } from "../../release/spec.ts";
import { ownRoutes } from "../../routing/takeovers.ts";
import { count, either, flag, listOf, maybe, object, text, word } from "../../stored/shape.ts";
import type { KeyLine } from "../comment-keys.ts";
import { isIPv4 } from "../../server/addresses.ts";
import { readRoute, readUrl, type HostAndPath } from "../hosts.ts";
import { checkRedirects, redirect, redirectRoutes } from "./redirect.ts";
import { bad, good, readBoolean, readPort, type Read } from "../values.ts";
import {
  about,
  ifSet,
  oneValue,
  refuseTwice,
  type FileKeys,
  type Found,
  type Key,
  type Rule,
  type SpecField,
} from "./key.ts";
import { timeoutFields } from "./timeouts.ts";

/** Reads a route that is stored. */
export const storedRoute = object<RouteSpec, "host" | "path" | "https">({
  host: text,
  path: text,
  https: flag,
  to: maybe(
    object<RedirectTarget, "host" | "path" | "https">({ host: text, path: text, https: flag }),
  ),
});

const domain: Key<HostAndPath> = {
  name: "domain",
  many: true,
  syntax: "host[/path] or auto",
  fallback: "none: not reachable from outside",
  help: "Host and path of the service. Requests keep the path. auto means <name>.<server domain>.",
  read: readRoute,
};

const https: Key<boolean> = {
  name: "https",
  syntax: "true or false",
  fallback: "false",
  help: "https for every domain. http redirects to https once there is a certificate.",
  read: readBoolean,
};

const url: Key<RouteSpec> = {
  name: "url",
  many: true,
  syntax: "http(s)://host[/path]",
  fallback: "none",
  help: "domain and https in one line. Cannot be combined with those two keys.",
  read: readUrl,
};

const routes: SpecField<readonly RouteSpec[]> = {
  keys: [domain, https, url, redirect],
  default: [],
  stored: listOf(storedRoute),
  merge: (file) => {
    checkRoutes(file);
    const own = routesOf(file);
    checkRedirects(file, own);
    return [...own, ...redirectRoutes(file, own)].map(({ value }) => value);
  },
  describe: (list, { slug }) => {
    const texts = list.map((route) =>
      route.host === "auto" ? `auto${route.path} (${slug}.<server domain>)` : writeRoute(route),
    );
    const shown = texts.length === 0 ? ["none: not reachable from outside"] : texts;
    return shown.map((text) => ({ title: "routes", text }));
  },
  changes: (from, to) => [
    ...routeChanges(from === undefined ? [] : ownRoutes(from.release), to.value),
    ...newCertificates(from?.value ?? [], to.value),
  ],
};

const stripPrefix = oneValue<"stripPrefix">({
  name: "strip-prefix",
  syntax: "true or false",
  fallback: "false",
  help: "Removes the path of the route from each request before the service gets it.",
  read: readBoolean,
  default: false,
  stored: flag,
  rule: (key, file) => {
    const [found] = file.values(key);
    if (found?.value !== true || mixedLines(file) !== undefined) return;
    if (routesOf(file).every(({ value }) => value.path === ""))
      file.warnings.add(found, about(key, "has no effect, because no route has a path"));
  },
  text: () => undefined,
  write: (isStripped) => (isStripped ? "true" : undefined),
});

const port = oneValue<"port">({
  name: "port",
  syntax: "1 to 65535, or none",
  fallback: "the image's only EXPOSE, else 80",
  help: "Port that the service listens on. none: a worker process, whatever the image exposes. So is a service without domain, port and EXPOSE.",
  read: readPortOrNone,
  default: undefined,
  stored: either(count, word("none")),
  rule: (key, file) => {
    const [found] = file.values(key);
    const needy = file.firstLine(domain, url, timeoutFields.healthcheck.key);
    if (found?.value !== "none" || needy === undefined) return;
    const { name } = needy.key;
    file.problems.add(
      found,
      about(key, `none, but mypaas.${name} (line ${needy.line}) needs a port`),
      `set the port that the service listens on, or remove mypaas.${name}`,
    );
  },
  text: ifSet(String),
  // The port of the release is known even when the Dockerfile leaves it to the image.
  write: (_port, release) => ifSet(String)(release.port),
});

/** Reads a port, or the word for a service that listens on none. */
function readPortOrNone(text: string): Read<number | "none"> {
  if (text.toLowerCase() === "none") return good("none");
  const number = readPort(text);
  return "bad" in number ? bad("a whole number from 1 to 65535, or none", text) : number;
}

export const routeFields = { routes, stripPrefix, port };

/** The keys that make a route of the service itself. */
const routeKeys: readonly Key<unknown>[] = [domain, url];

/** Warns of a key that only requests of a route notice; true when there is no route. */
export function warnsWithoutRoute(
  key: Key<unknown>,
  found: Found<unknown>,
  file: FileKeys,
): boolean {
  if (file.firstLine(...routeKeys) !== undefined) return false;
  file.warnings.add(found, about(key, "has no effect without mypaas.domain"));
  return true;
}

/** The rule of such a key, whatever its value is. */
export const needsRoute: Rule<unknown> = (key, file) => {
  const [found] = file.values(key);
  if (found !== undefined) warnsWithoutRoute(key, found, file);
};

/** Routes of `domain` and `url` together, each with its place. */
export function routesOf({ values }: FileKeys): readonly Found<RouteSpec>[] {
  const isHttps = values(https)[0]?.value ?? false;
  const domains = values(domain).map((found) => ({
    ...found,
    value: { ...found.value, https: isHttps },
  }));
  return [...domains, ...values(url)];
}

/** A line of `url` and one of `domain` or `https`, in file order, when the file has both. */
function mixedLines({ firstLine }: FileKeys): readonly [KeyLine, KeyLine] | undefined {
  const [one, other] = [firstLine(domain, https), firstLine(url)];
  if (one === undefined || other === undefined) return undefined;
  return one.line < other.line ? [one, other] : [other, one];
}

function checkRoutes(file: FileKeys): void {
  const { values, firstLine, problems, warnings } = file;
  const mixed = mixedLines(file);
  if (mixed !== undefined) {
    const [first, last] = mixed;
    const message = `cannot be combined with mypaas.${first.key.name} (line ${first.line})`;
    const hint = "write every route as mypaas.url, or use mypaas.domain with mypaas.https";
    problems.add(last, about(last.key, message), hint);
  } else {
    const [isHttps] = values(https);
    if (isHttps?.value === true && firstLine(domain) === undefined)
      warnings.add(isHttps, about(https, "has no effect without mypaas.domain"));
    const key = values(url).length > 0 ? url : domain;
    for (const found of routesOf(file))
      if (found.value.https && isIPv4(found.value.host))
        problems.add(
          found,
          about(key, `https is not possible for the IP address ${found.value.host}`),
        );
  }
  const place = ({ host, path }: HostAndPath): string => host + path;
  refuseTwice(place)(domain, file);
  refuseTwice(place)(url, file);
}

function routeChanges(from: readonly RouteSpec[], to: readonly RouteSpec[]): readonly Change[] {
  const gone = from.filter((route) => !isIn(to, route));
  const added = to.filter((route) => !isIn(from, route));
  const otherScheme = (route: RouteSpec): RouteSpec => ({ ...route, https: !route.https });
  return [
    ...added.map((route): Change => {
      const before = otherScheme(route);
      return isIn(gone, before)
        ? { kind: "route", how: "changed", from: writeRoute(before), route: writeRoute(route) }
        : { kind: "route", how: "added", route: writeRoute(route) };
    }),
    ...gone
      .filter((route) => !isIn(added, otherScheme(route)))
      .map((route): Change => ({ kind: "route", how: "removed", route: writeRoute(route) })),
  ];
}

const isIn = (routes: readonly RouteSpec[], route: RouteSpec): boolean =>
  routes.some((one) => writeRoute(one) === writeRoute(route));

function newCertificates(from: readonly RouteSpec[], to: readonly RouteSpec[]): readonly Change[] {
  const hosts = (routes: readonly RouteSpec[]): ReadonlySet<string> =>
    new Set(routes.filter((route) => route.https).map(({ host }) => host));
  const known = hosts(from);
  return [...hosts(to)]
    .filter((host) => !known.has(host))
    .map((host) => ({ kind: "certificate", host }));
}
