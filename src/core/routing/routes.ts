import type { RouteSpec } from "../release/spec.ts";

/** Distance between two specificities, and so the number of releases a service can have. */
const step = 1_000_000;
const exactHost = 1000;
/** Not 0, so that its first releases are above the answers where nobody lives. */
const wildcardHost = 1;

type HostAndPath = Pick<RouteSpec, "host" | "path">;

/** Traefik's rule for a route; built from a parsed host and path, a character that could end the quotation is a bug of the parser. */
export function routeRule({ host, path }: HostAndPath): string {
  if (!/^(\*\.)?[a-z0-9._-]+$/.test(host) || !/^[\x21-\x5f\x61-\x7e]*$/.test(path))
    throw new Error(`not a parsed route: ${JSON.stringify(host + path)}`);
  const hostRule = `Host(\`${host}\`)`;
  return path === "" ? hostRule : `${hostRule} && (Path(\`${path}\`) || PathPrefix(\`${path}/\`))`;
}

/** Longer path over shorter, exact host over wildcard, whoever owns them. */
function specificity({ host, path }: HostAndPath): number {
  return (host.startsWith("*.") ? wildcardHost : exactHost) + path.length;
}

/** Newer over older at the same place. */
export function routePriority(route: HostAndPath, release: number): number {
  return specificity(route) * step + release;
}

/** Above every release at this route, below every more specific place. */
export function holdPriority(route: HostAndPath): number {
  return routePriority(route, step - 1);
}

/** True when two routes are one to whoever owns it, whichever of http and https they serve. */
export function isSameRoute(one: HostAndPath, other: HostAndPath): boolean {
  return one.host === other.host && one.path === other.path;
}

/** True when every request to `inner` also matches `outer`. */
export function covers(outer: HostAndPath, inner: HostAndPath): boolean {
  return coversHost(outer.host, inner.host) && coversPath(outer.path, inner.path);
}

/** The same for hosts alone. */
export function coversHost(outer: string, inner: string): boolean {
  if (outer === inner) return true;
  // A wildcard stands for exactly one label, in Traefik as in certificates.
  return outer.startsWith("*.") && !inner.startsWith("*.") && outer === wildcardOf(inner);
}

function wildcardOf(host: string): string {
  return `*${host.slice(host.indexOf("."))}`;
}

function coversPath(outer: string, inner: string): boolean {
  return outer === inner || inner.startsWith(`${outer}/`);
}
