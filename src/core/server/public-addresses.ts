import { isAddress, isIPv4 } from "./addresses.ts";
import { canonicalAddress, inRange } from "./ranges.ts";

/** Addresses of IPv4 that are no place on the internet (IANA's registry of special-purpose addresses). */
const special4 = [
  "0.0.0.0/8",
  "10.0.0.0/8",
  "100.64.0.0/10",
  "127.0.0.0/8",
  "169.254.0.0/16",
  "172.16.0.0/12",
  "192.0.0.0/24",
  "192.0.2.0/24",
  "192.31.196.0/24",
  "192.52.193.0/24",
  "192.88.99.0/24",
  "192.168.0.0/16",
  "192.175.48.0/24",
  "198.18.0.0/15",
  "198.51.100.0/24",
  "203.0.113.0/24",
  "224.0.0.0/4",
  "240.0.0.0/4",
];

/** In IPv6 only this range is given out, so that loopback, private, link-local, NAT64 and IPv4 in IPv6 lie outside. */
const global6 = "2000::/3";

/** Inside of it: protocols of the IETF with Teredo, documentation, 6to4, AS112. */
const special6 = ["2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20"];

/** True for an address of a place on the internet; an IPv4 address inside IPv6 counts as what it is. */
export function isPublicAddress(text: string): boolean {
  if (!isAddress(text)) return false;
  const address = canonicalAddress(text);
  if (isIPv4(address)) return !special4.some((range) => inRange(range, address));
  return inRange(global6, address) && !special6.some((range) => inRange(range, address));
}
