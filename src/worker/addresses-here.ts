import type { InstanceConfig } from "../core/server/instance.ts";
import { ownAddresses } from "../adapters/reach.ts";

/** Addresses of this server as far as it knows: those that it was told, the one it listens on, and those of its interfaces. */
export function addressesHere({
  addresses = [],
  bind,
}: Pick<InstanceConfig, "addresses" | "bind">): readonly string[] {
  const bound = bind === "0.0.0.0" || bind === "::" ? ownAddresses() : [bind];
  return [...new Set([...addresses, ...bound])];
}
