import { domainToASCII } from "node:url";
import { isIPv4 } from "../server/addresses.ts";
import { bad, good, refuse, show, type Read } from "./values.ts";

export interface HostAndPath {
  /** Lower-case punycode, `*.` in front for a wildcard; `auto` for the server's own domain. */
  readonly host: string;
  /** Empty, or begins with `/` and does not end with one. */
  readonly path: string;
}

/** Reads `host` or `host/path`, the value of `domain`. */
export function readRoute(text: string): Read<HostAndPath> {
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(text))
    return bad("a host such as www.example.com", text, "use mypaas.url for a whole URL");
  const slash = text.indexOf("/");
  const host = readHost(slash < 0 ? text : text.slice(0, slash));
  if ("bad" in host) return host;
  const path = readRoutePath(slash < 0 ? "" : text.slice(slash));
  return "bad" in path ? path : good({ host: host.value, path: path.value });
}

/** Reads `http(s)://host[/path]`, the value of `url`. */
export function readUrl(text: string): Read<HostAndPath & { readonly https: boolean }> {
  const match = /^(https?):\/\/([^/]+)(\/.*)?$/i.exec(text);
  if (!match) return bad("a URL such as https://www.example.com", text);
  const route = readRoute(`${match[2] ?? ""}${match[3] ?? ""}`);
  if ("bad" in route) return route;
  return good({ ...route.value, https: match[1]?.toLowerCase() === "https" });
}

/** Reads a host; it has only letters, digits, hyphens and dots, so that it is safe inside a Traefik rule. */
export function readHost(text: string): Read<string> {
  if (text.toLowerCase() === "auto") return good("auto");
  const wildcard = text.startsWith("*.");
  const name = wildcard ? text.slice(2) : text;
  const port = /^(.*):(\d+)$/.exec(name);
  if (port) {
    const hint = `write it without the port: ${show(port[1] ?? "")}`;
    return refuse(`should be a host without a port, got "${show(text)}"`, hint);
  }
  if (/[^\p{L}\p{N}\p{M}.\-。．｡]/u.test(name) || name.length > 253) return badHost(text);
  const ascii = /^[\x21-\x7e]*$/.test(name) ? name.toLowerCase() : domainToASCII(name);
  const labels = ascii.split(".");
  const isHost =
    ascii.length <= 253 &&
    labels.every((label) => /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(label));
  if (!isHost) return badHost(text);
  // Browsers read a name whose last label is a number as an IPv4 address, or refuse it.
  if (/^\d+$/.test(labels.at(-1) ?? "") && (wildcard || !isIPv4(ascii))) return badHost(text);
  return good(wildcard ? `*.${ascii}` : ascii);
}

function readRoutePath(text: string): Read<string> {
  const path = text.endsWith("/") ? text.slice(0, -1) : text;
  if (path === "") return good("");
  const segments = path.slice(1).split("/");
  const isPath =
    path.length <= 200 &&
    segments.every(
      (segment) => /^[A-Za-z0-9._~@+,=!:-]+$/.test(segment) && !/^\.\.?$/.test(segment),
    );
  return isPath ? good(path) : bad("a plain path such as /docs after the host", text);
}

const badHost = (text: string) => bad("a host such as www.example.com", text);
