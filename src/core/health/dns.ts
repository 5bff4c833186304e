import { isIPv4, isLoopback } from "../server/addresses.ts";
import { listenToo } from "../server/listen-too.ts";
import { familyOf, type Family } from "../server/listening.ts";
import { shortList } from "../format.ts";
import { ok, warning, type Finding } from "./check.ts";

/** Judges whether a domain leads here. Never `failed`: behind a NAT or a CDN the addresses differ. */
export function judgeDomain(domain: {
  readonly host: string;
  /** Answer of the server's resolver; empty for an unknown name, undefined without an answer. */
  readonly found: readonly string[] | undefined;
  /** Addresses of this server's interfaces, and of the host that the caller connected to. */
  readonly own: readonly string[];
  /** The one family that this server listens on; undefined for both. */
  readonly only?: Family | undefined;
}): Finding {
  const { host, found, own, only } = domain;
  const isHeard = (address: string): boolean => only === undefined || familyOf(address) === only;
  const outside = own.filter((address) => !isLoopback(address) && isHeard(address));
  const expected = outside.length === 0 ? "the address of this server" : shortList(outside);
  const target = outside.find(isIPv4) ?? outside[0] ?? "ADDRESS";
  const record = `set the record at your DNS provider: ${host} ${isIPv4(target) ? "A" : "AAAA"} ${target}`;
  if (found === undefined)
    return warning("could not be looked up", `look it up by hand: getent ahosts ${host}`);
  if (found.length === 0) return warning(`no address, expected ${expected}`, record);
  const foreign = found.filter((address) => !own.includes(address));
  const unheard = found.filter((address) => own.includes(address) && !isHeard(address));
  const [first] = unheard;
  if (first !== undefined)
    return warning(
      `leads to ${shortList(unheard)}, and this server does not listen on ${familyOf(first)}`,
      listenToo(host, first),
    );
  if (foreign.length === 0) return ok(shortList(found));
  return warning(`leads to ${shortList(foreign)}, expected ${expected}`, record);
}
