import { isLoopback } from "../../core/server/addresses.ts";
import type { InstanceConfig } from "../../core/server/instance.ts";
import { ownAddresses } from "../../adapters/reach.ts";

/** Known addresses of this server: the configured ones, and the one it listens on, or those of all interfaces. */
export function addressesHere({
  addresses = [],
  bind,
}: Pick<InstanceConfig, "addresses" | "bind">): readonly string[] {
  const isOne = bind !== "0.0.0.0" && bind !== "::" && !isLoopback(bind);
  // On a loopback address, as in tests, names lead to that address.
  const loopback = isLoopback(bind) ? [bind] : [];
  return [...new Set([...addresses, ...(isOne ? [bind] : [...loopback, ...ownAddresses()])])];
}
