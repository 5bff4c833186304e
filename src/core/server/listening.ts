import { isIPv4 } from "./addresses.ts";
import type { InstanceConfig } from "./instance.ts";

type Listening = Pick<InstanceConfig, "bind">;

/** All addresses that this server listens on. */
export const bindsOf = ({ bind }: Listening): readonly string[] =>
  typeof bind === "string" ? [bind] : bind;

/** The addresses whose ports Docker publishes. */
export const publishedOn = ({ bind }: Listening): readonly string[] =>
  typeof bind === "string" ? [bind] : bind.filter(isIPv4);

/** The addresses that the relay listens on: Docker would hide the clients of IPv6. */
export const relayedOn = ({ bind }: Listening): readonly string[] =>
  typeof bind === "string" ? [] : bind.filter((address) => !isIPv4(address));

/** The one family that this server listens on; undefined for both. */
export function onlyFamily(config: Listening): Family | undefined {
  const [first, ...more] = [...new Set(bindsOf(config).map(familyOf))];
  return more.length === 0 ? first : undefined;
}

export type Family = "IPv4" | "IPv6";

/** The family of an address. */
export const familyOf = (address: string): Family => (isIPv4(address) ? "IPv4" : "IPv6");

/** An address of this machine that reaches the ports of this server; IPv4 where there is a choice. */
export function reachableAt(config: Listening): string {
  const binds = bindsOf(config);
  return reachable(binds.find(isIPv4) ?? binds[0] ?? "0.0.0.0");
}

/** An address of this machine that reaches a port bound to `bind`. */
export function reachable(bind: string): string {
  if (bind === "0.0.0.0") return "127.0.0.1";
  return bind === "::" ? "::1" : bind;
}

/** Address and port in one text, such as `[::]:80`. */
export const addressAndPort = (address: string, port: number): string =>
  isIPv4(address) ? `${address}:${port}` : `[${address}]:${port}`;

/** Every IPv4 address and every IPv6 address. */
export const everyAddress = ["0.0.0.0", "::"] as const;

/** True for an address that stands for all of its family. */
export const isEveryAddress = (address: string): boolean =>
  everyAddress.some((every) => every === address);
