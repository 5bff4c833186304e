import type { RouteSpec } from "../release/spec.ts";

/** Distance between two specificities; also the maximum number of releases of a service. */
const step = 1_000_000;
const exactHost = 1000;
/** Above 0, so that its first releases outrank the answer for unknown hosts. */
const wildcardHost = 1;

type HostAndPath = Pick<RouteSpec, "host" | "path">;

/** Traefik's rule for a route. Throws for a character that could end the quotation, which the parser never lets through. */
export function routeRule({ host, path }: HostAndPath): string {
  if (!/^(\*\.)?[a-z0-9._-]+$/.test(host) || !/^[\x21-\x5f\x61-\x7e]*$/.test(path))
    throw new Error(`not a parsed route: ${JSON.stringify(host + path)}`);
  const hostRule = `Host(\`${host}\`)`;
  return path === "" ? hostRule : `${hostRule} && (Path(\`${path}\`) || PathPrefix(\`${path}/\`))`;
}

/** A longer path outranks a shorter one, and an exact host outranks a wildcard, for all services. */
const specificity = ({ host, path }: HostAndPath): number =>
  (host.startsWith("*.") ? wildcardHost : exactHost) + path.length;

/** A newer release outranks an older one at the same route. */
export const routePriority = (route: HostAndPath, release: number): number =>
  specificity(route) * step + release;

/** Above every release at this route, below its body limits and every more specific route; with room for two more above it. */
export const holdPriority = (route: HostAndPath): number => routePriority(route, step - 8);

/** Above every hold at this route, below its maintenance; with room for one more above it. */
export const bodyLimitPriority = (route: HostAndPath): number => routePriority(route, step - 4);

/** Above every hold at this route, below every more specific route. */
export const maintenancePriority = (route: HostAndPath): number => routePriority(route, step - 1);

/** Traefik's rule for requests whose path is that of a route but for more slashes, such as `//admin`. Another route could answer them, and its service read them as this one. Undefined for a route without a path. */
export function unevenRule(route: HostAndPath): string | undefined {
  const { host, path } = route;
  if (path === "") return undefined;
  const literal = path.replaceAll(/[\\^$.|?*+()[\]{}]/g, String.raw`\$&`).replaceAll("/", "/+");
  const [, ownPath = ""] = routeRule(route).split(" && ", 2);
  return `Host(\`${host}\`) && PathRegexp(\`^${literal}(/|$)\`) && !${ownPath}`;
}

/** True when two routes have the same host and path, over http or https. */
export const isSameRoute = (one: HostAndPath, other: HostAndPath): boolean =>
  one.host === other.host && one.path === other.path;

/** True when every request to `inner` also matches `outer`. */
export const covers = (outer: HostAndPath, inner: HostAndPath): boolean =>
  coversHost(outer.host, inner.host) && coversPath(outer.path, inner.path);

/** The same for hosts alone. */
export function coversHost(outer: string, inner: string): boolean {
  if (outer === inner) return true;
  // A wildcard stands for exactly one label, in Traefik and in certificates.
  return outer.startsWith("*.") && !inner.startsWith("*.") && outer === wildcardOf(inner);
}

const wildcardOf = (host: string): string => `*${host.slice(host.indexOf("."))}`;

const coversPath = (outer: string, inner: string): boolean =>
  outer === inner || inner.startsWith(`${outer}/`);
