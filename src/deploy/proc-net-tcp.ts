import type { TcpSocket } from "./ports.ts";

const states: Readonly<Record<string, TcpSocket["state"]>> = {
  "01": "established",
  "0A": "listening",
};

/** Reads the table of `/proc/<pid>/net/tcp` or `tcp6` (proc(5)); lines of any other form are skipped. */
export function parseSockets(table: string): readonly TcpSocket[] {
  return table.split("\n").flatMap((line) => {
    const match = /^\s*\d+: ([\dA-F]+):([\dA-F]{4}) ([\dA-F]+):[\dA-F]{4} ([\dA-F]{2}) /.exec(line);
    if (match === null) return [];
    const [, local = "", port = "", remote = "", state = ""] = match;
    return [
      {
        state: states[state] ?? "other",
        localAddress: parseAddress(local),
        localPort: Number.parseInt(port, 16),
        remoteAddress: parseAddress(remote),
      },
    ];
  });
}

/** The kernel prints addresses as 32-bit words in the processor's byte order, which is little-endian wherever mypaas runs; an IPv4 address inside IPv6 comes out as IPv4. */
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
  // A URL writes an IPv6 address in its canonical form (RFC 5952).
  return new URL(`http://[${words.join(":")}]`).hostname.slice(1, -1);
}
