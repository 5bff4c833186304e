import { isAddress, isIPv4 } from "./addresses.ts";

/** The shortest prefixes that name a proxy: anything shorter holds addresses of strangers. */
const shortest = { four: 8, six: 16 } as const;

/** A range as it is stored, `address/bits` or one address; or the reason for which the text is none. */
export type RangeReading = { readonly range: string } | { readonly problem: string };

/** Reads an address or a CIDR range. */
export function readRange(text: string): RangeReading {
  const [address = "", length, ...rest] = text.split("/");
  const isRange = isAddress(address) && rest.length === 0 && /^(\d{1,3})?$/.test(length ?? "");
  const bytes = isRange ? bytesOf(address) : undefined;
  if (bytes === undefined || length === "")
    return { problem: "should be an address or a range such as 10.0.0.0/8" };
  const bits = Number(length ?? bytes.length * 8);
  if (bits > bytes.length * 8)
    return { problem: `a prefix of this address has at most ${bytes.length * 8} bits` };
  const least = bytes.length === 4 ? shortest.four : shortest.six;
  if (bits < least)
    return {
      problem: `trusts addresses of strangers; a range has at least ${least} bits, such as ${isIPv4(address) ? "10.0.0.0/8" : "2001:db8::/32"}`,
    };
  if (!isSame(masked(bytes, bits), bytes))
    return {
      problem: `the address has bits beyond the first ${bits}; write ${textOf(masked(bytes, bits))}/${bits} for the range, or ${address} for one address`,
    };
  return { range: bits === bytes.length * 8 ? textOf(bytes) : `${textOf(bytes)}/${bits}` };
}

/** True when the range holds the address. */
export function inRange(range: string, address: string): boolean {
  const [start = "", length] = range.split("/");
  const [from, bytes] = [bytesOf(start), bytesOf(address)];
  if (from === undefined || from.length !== bytes?.length) return false;
  const bits = Number(length ?? from.length * 8);
  return isSame(masked(bytes, bits), masked(from, bits));
}

/** The one spelling of an address that equal addresses share (RFC 5952). */
export function canonicalAddress(address: string): string {
  const bytes = bytesOf(address);
  return bytes === undefined ? address : textOf(bytes);
}

/** 4 or 16 bytes; undefined for other text. An IPv4 address inside IPv6 becomes IPv4. */
function bytesOf(address: string): readonly number[] | undefined {
  if (isIPv4(address)) return address.split(".").map(Number);
  if (!isAddress(address)) return undefined;
  const [head = "", tail] = new URL(`http://[${address}]`).hostname.slice(1, -1).split("::");
  const front = words(head);
  const back = tail === undefined ? [] : words(tail);
  const gap = Array.from({ length: 8 - front.length - back.length }, () => 0);
  const bytes = [...front, ...gap, ...back].flatMap((word) => [word >> 8, word & 255]);
  const isMapped = isSame(bytes.slice(0, 12), mappedPrefix);
  return isMapped ? bytes.slice(12) : bytes;
}

const mappedPrefix = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255];

const words = (text: string): readonly number[] =>
  text === "" ? [] : text.split(":").map((word) => Number.parseInt(word, 16));

function textOf(bytes: readonly number[]): string {
  if (bytes.length === 4) return bytes.join(".");
  const all = Array.from({ length: 8 }, (_, index) =>
    (((bytes[index * 2] ?? 0) << 8) | (bytes[index * 2 + 1] ?? 0)).toString(16),
  );
  return new URL(`http://[${all.join(":")}]`).hostname.slice(1, -1);
}

const masked = (bytes: readonly number[], bits: number): readonly number[] =>
  bytes.map((byte, index) => {
    const kept = Math.min(8, Math.max(0, bits - index * 8));
    return byte & (0xff << (8 - kept)) & 0xff;
  });

const isSame = (one: readonly number[], other: readonly number[]): boolean =>
  one.length === other.length && one.every((byte, index) => byte === other[index]);
