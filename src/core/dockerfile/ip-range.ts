import { isAddress, isIPv4 } from "../server/addresses.ts";
import { bad, good, refuse, show, type Read } from "./values.ts";

/** Reads an IPv4 or IPv6 address, or a range such as `10.0.0.0/8`; IPv6 comes out in its shortest form. */
export function readRange(text: string): Read<string> {
  const slash = text.indexOf("/");
  const address = slash < 0 ? text : text.slice(0, slash);
  if (!isAddress(address)) return bad("an address or a range such as 10.0.0.0/8", text);
  const isFour = isIPv4(address);
  const words = isFour ? bytesOf(address) : wordsOf(address);
  const plain = isFour ? address : shortest(address);
  if (slash < 0) return good(plain);
  const width = isFour ? 32 : 128;
  const suffix = text.slice(slash + 1);
  const bits = /^(0|[1-9]\d{0,2})$/.test(suffix) ? Number(suffix) : Infinity;
  if (bits > width) return refuse(`should end with /0 to /${width}, got "${show(text)}"`);
  const masked = mask(words, bits, isFour ? 8 : 16);
  const first = isFour ? masked.join(".") : shortest(masked.map(hex).join(":"));
  if (first !== plain)
    return refuse(
      `${show(text)} is not the first address of its range`,
      `write ${first}/${bits} for the range, or ${plain} for the address alone`,
    );
  return good(`${first}/${bits}`);
}

const bytesOf = (address: string): readonly number[] => address.split(".").map(Number);

const hex = (word: number): string => word.toString(16);

/** As RFC 5952 writes it; `isAddress` has accepted it. */
const shortest = (address: string): string => new URL(`http://[${address}]/`).hostname.slice(1, -1);

/** The eight words of an IPv6 address. */
function wordsOf(address: string): readonly number[] {
  const [front = "", back] = shortest(address).split("::");
  const read = (part: string): readonly number[] =>
    part === "" ? [] : part.split(":").map((word) => Number.parseInt(word, 16));
  const [before, after] = [read(front), read(back ?? "")];
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => 0);
  return [...before, ...zeros, ...after];
}

/** The first `bits` bits; the others are 0. */
const mask = (words: readonly number[], bits: number, size: number): readonly number[] =>
  words.map((word, at) => {
    const kept = Math.min(Math.max(bits - at * size, 0), size);
    return word & ~(2 ** (size - kept) - 1);
  });
