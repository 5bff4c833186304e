import { isIPv4, isLoopback } from "../server/addresses.ts";
import { ok, shortList, warning, type Finding } from "./check.ts";

/** Judges whether a domain leads here. Never `failed`: behind a NAT or a CDN the addresses differ. */
export function judgeDomain(domain: {
  readonly host: string;
  /** Answer of the server's resolver; empty for an unknown name, undefined without an answer. */
  readonly found: readonly string[] | undefined;
  /** Addresses of this server's interfaces, and of the host that the caller connected to. */
  readonly own: readonly string[];
}): Finding {
  const { host, found, own } = domain;
  const outside = own.filter((address) => !isLoopback(address));
  const expected = outside.length === 0 ? "the address of this server" : shortList(outside);
  const target = outside.find(isIPv4) ?? outside[0] ?? "ADDRESS";
  const record = `set the record at your DNS provider: ${host} ${isIPv4(target) ? "A" : "AAAA"} ${target}`;
  if (found === undefined)
    return warning("could not be looked up", `look it up by hand: getent ahosts ${host}`);
  if (found.length === 0) return warning(`no address, expected ${expected}`, record);
  const foreign = found.filter((address) => !own.includes(address));
  if (foreign.length === 0) return ok(shortList(found));
  return warning(`leads to ${shortList(foreign)}, expected ${expected}`, record);
}
