/** A listening socket in /proc/net/tcp. */
export interface Listener {
  /** Dotted or colon form; `0.0.0.0` and `::` mean every address. */
  readonly address: string;
  readonly port: number;
  readonly inode: string;
}

/** A TCP socket in /proc/net/tcp or tcp6. */
export interface KernelSocket {
  /** `opening`: this end has asked for a connection that the other end has not taken yet. */
  readonly state: "established" | "opening" | "listening" | "other";
  readonly localAddress: string;
  readonly localPort: number;
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly inode: string;
}

const states: Readonly<Record<string, KernelSocket["state"]>> = {
  "01": "established",
  "02": "opening",
  "0A": "listening",
};

const line =
  /^\s*\d+: ([\dA-F]{8}|[\dA-F]{32}):([\dA-F]{4}) ([\dA-F]{8}|[\dA-F]{32}):([\dA-F]{4}) ([\dA-F]{2}) \S+ \S+ \S+ +\d+ +\d+ (\d+) /;

/** Reads `/proc/<pid>/net/tcp` or `tcp6` (proc(5)); skips other lines. */
export const parseSockets = (table: string): readonly KernelSocket[] =>
  table.split("\n").flatMap((text) => {
    const match = line.exec(text);
    if (match === null) return [];
    const [, local = "", port = "", remote = "", remotePort = "", state = "", inode = ""] = match;
    return [
      {
        state: states[state] ?? "other",
        localAddress: parseAddress(local),
        localPort: Number.parseInt(port, 16),
        remoteAddress: parseAddress(remote),
        remotePort: Number.parseInt(remotePort, 16),
        inode,
      },
    ];
  });

/** The listening sockets in such a table. */
export const parseListeners = (table: string): readonly Listener[] =>
  parseSockets(table)
    .filter(({ state }) => state === "listening")
    .map(({ localAddress: address, localPort: port, inode }) => ({ address, port, inode }));

/** The interface of the default route in /proc/net/route, with the lowest metric. */
export function defaultInterface(text: string): string | undefined {
  const routes = text
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => fields[1] === "00000000" && fields[7] === "00000000")
    .toSorted((a, b) => Number(a[6]) - Number(b[6]));
  return routes[0]?.[0];
}

/** True when a listener that is there may keep a new one from the same port. One on `::` may have IPv4 too. */
export const overlap = (there: string, wanted: string): boolean =>
  there === "::" ||
  (there.includes(":") === wanted.includes(":") && (isEvery(there) || isEvery(wanted))) ||
  plain(there) === plain(wanted);

const isEvery = (address: string): boolean => address === "0.0.0.0" || address === "::";
const plain = (address: string): string => address.replace(/^::ffff:/, "");

/** The kernel prints addresses as 32-bit words in little-endian byte order. An IPv4 address inside IPv6 becomes IPv4. */
function parseAddress(hex: string): string {
  const bytes = (hex.match(/.{8}/g) ?? []).flatMap((word) =>
    (word.match(/../g) ?? []).map((byte) => Number.parseInt(byte, 16)).reverse(),
  );
  if (bytes.length === 4) return bytes.join(".");
  const words = Array.from({ length: bytes.length / 2 }, (_, index) =>
    (((bytes[index * 2] ?? 0) << 8) | (bytes[index * 2 + 1] ?? 0)).toString(16),
  );
  if (words.slice(0, 5).every((word) => word === "0") && words[5] === "ffff")
    return bytes.slice(12).join(".");
  // URL gives the canonical form of an IPv6 address (RFC 5952).
  return new URL(`http://[${words.join(":")}]`).hostname.slice(1, -1);
}
