import { formatAge } from "../format.ts";
import { command, hint } from "../hints.ts";
import type { Maintenance } from "../routing/routing-state.ts";
import { about, ok, warning, type Finding } from "./check.ts";
import type { Inventory } from "./inventory.ts";

/** Names each service in maintenance, because one is easily forgotten, and a page that does not run. */
export function judgeMaintenance(
  { containers }: Inventory,
  closed: readonly Pick<Maintenance, "service" | "since">[],
  { page, now }: { readonly page: string; readonly now: number },
): readonly Finding[] {
  const [first] = closed;
  if (first === undefined) return [ok("no service is in maintenance")];
  const isServed = containers.some(({ name, state }) => name === page && state === "running");
  const again = hint`begin it again: ${command(`maintenance ${first.service} on`)}`;
  return [
    ...closed.map(({ service, since }) =>
      about(
        `maintenance of ${service}`,
        warning(
          `its routes have answered 503 for ${formatAge(now - since)}`,
          hint`end it: ${command(`maintenance ${service} off`)}`,
        ),
      ),
    ),
    ...(isServed
      ? []
      : [warning(`container ${page} does not run, so visitors get 503 without a page`, again)]),
  ];
}
