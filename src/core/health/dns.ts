import { isIPv4, isLoopback } from "../server/addresses.ts";
import { ok, shortList, warning, type Finding } from "./check.ts";

export interface DomainHealth {
  readonly host: string;
  /** What the server's resolver says; empty when there is no such name, undefined when nobody could be asked. */
  readonly found: readonly string[] | undefined;
  /** Addresses of this host's interfaces, and those that the caller dials. */
  readonly own: readonly string[];
}

/** Whether a domain leads here. Behind a NAT or a CDN it may although the addresses differ, so it never fails. */
export function judgeDomain({ host, found, own }: DomainHealth): Finding {
  const outside = own.filter((address) => !isLoopback(address));
  const expected = outside.length === 0 ? "the address of this server" : shortList(outside);
  const target = outside.find(isIPv4) ?? outside[0] ?? "ADDRESS";
  const record = `set the record at your DNS provider: ${host} ${isIPv4(target) ? "A" : "AAAA"} ${target}`;
  if (found === undefined)
    return warning("could not be looked up", `ask by hand: getent ahosts ${host}`);
  if (found.length === 0) return warning(`no address, expected ${expected}`, record);
  const strange = found.filter((address) => !own.includes(address));
  if (strange.length === 0) return ok(shortList(found));
  return warning(`leads to ${shortList(strange)}, expected ${expected}`, record);
}
