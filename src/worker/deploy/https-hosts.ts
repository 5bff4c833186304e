import type { ServiceSpec } from "../../core/release/spec.ts";

type Routes = Pick<ServiceSpec, "routes">;

/** The hosts that a service wants https for, each once. */
export const hostsOf = ({ routes }: Routes): readonly string[] => [
  ...new Set(routes.filter(({ https }) => https).map(({ host }) => host)),
];

/** The hosts that a service keeps, and that it wanted https for until now. */
export function hostsMovedToHttp(before: Routes | undefined, after: Routes): readonly string[] {
  const wanted = hostsOf(after);
  return (before === undefined ? [] : hostsOf(before)).filter(
    (host) => !wanted.includes(host) && after.routes.some((route) => route.host === host),
  );
}
