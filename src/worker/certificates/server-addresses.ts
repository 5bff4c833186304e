import { isLoopback } from "../../core/server/addresses.ts";
import type { InstanceConfig } from "../../core/server/instance.ts";
import { ownAddresses } from "../../adapters/reach.ts";

/** Addresses of this server as far as it knows: those that it was told, and the one it listens on, or those of its interfaces where that is all of them or nobody else's. */
export function addressesHere({
  addresses = [],
  bind,
}: Pick<InstanceConfig, "addresses" | "bind">): readonly string[] {
  const isOne = bind !== "0.0.0.0" && bind !== "::" && !isLoopback(bind);
  // Where a test has the ports on a loopback address, names lead to that.
  const loopback = isLoopback(bind) ? [bind] : [];
  return [...new Set([...addresses, ...(isOne ? [bind] : [...loopback, ...ownAddresses()])])];
}
