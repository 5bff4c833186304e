/** A socket that waits for connections, as /proc/net/tcp lists it. */
export interface Listener {
  /** Dotted or colon form; `0.0.0.0` and `::` mean every address. */
  readonly address: string;
  readonly port: number;
  readonly inode: string;
}

/** The listening sockets in the text of /proc/net/tcp or tcp6. */
export function parseListeners(text: string): readonly Listener[] {
  return text.split("\n").flatMap((line) => {
    const fields = line.trim().split(/\s+/);
    const [address, port] = (fields[1] ?? "").split(":");
    const inode = fields[9];
    if (fields[3] !== "0A" || address === undefined || port === undefined || inode === undefined)
      return [];
    return [{ address: parseAddress(address), port: Number.parseInt(port, 16), inode }];
  });
}

/** The interface of the default route in the text of /proc/net/route, the one with the lowest metric. */
export function defaultInterface(text: string): string | undefined {
  const routes = text
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => fields[1] === "00000000" && fields[7] === "00000000")
    .toSorted((a, b) => Number(a[6]) - Number(b[6]));
  return routes[0]?.[0];
}

/** True when two listeners at one port would be in each other's way. */
export function overlap(a: string, b: string): boolean {
  return isEvery(a) || isEvery(b) || plain(a) === plain(b);
}

const isEvery = (address: string): boolean => address === "0.0.0.0" || address === "::";
const plain = (address: string): string => address.replace(/^::ffff:/, "");

/** The kernel writes each 32-bit word in the order of the processor, which is little-endian on all that mypaas runs on. */
function parseAddress(hex: string): string {
  const words = hex.match(/.{8}/g) ?? [];
  const bytes = words.flatMap((word) => [...Buffer.from(word, "hex")].reverse());
  if (bytes.length === 4) return bytes.join(".");
  const isMapped = bytes.slice(0, 10).every((byte) => byte === 0) && bytes[10] === 255;
  if (isMapped) return bytes.slice(12).join(".");
  if (bytes.every((byte) => byte === 0)) return "::";
  if (bytes.slice(0, 15).every((byte) => byte === 0) && bytes[15] === 1) return "::1";
  return Array.from({ length: 8 }, (_, i) =>
    (((bytes[2 * i] ?? 0) << 8) | (bytes[2 * i + 1] ?? 0)).toString(16),
  ).join(":");
}
