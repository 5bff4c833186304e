import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";

/** The line between laptop and server: a TCP proxy on loopback that can be cut. */
export async function startLineProxy(port: number) {
  const open = new Set<Socket>();
  let sent = 0;
  let cutAt = Infinity;
  let cuts = 0;
  /** Ends every connection without a goodbye; returns how many there were. */
  const cut = () => {
    const count = open.size / 2;
    for (const socket of open) socket.resetAndDestroy();
    return count;
  };
  const count = (bytes: number) => {
    sent += bytes;
    if (sent < cutAt) return;
    cutAt = Infinity;
    cuts += 1;
    cut();
  };
  const server = createServer((near) => {
    const far = connect(port, "127.0.0.1");
    near.on("data", (bytes: Buffer) => count(bytes.length));
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      open.add(one);
      one.setNoDelay(true).pipe(other);
      one
        .on("error", () => other.destroy())
        .on("close", () => {
          open.delete(one);
          other.destroy();
        });
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    cut,
    /** Cuts it once, when so many bytes more have come from the laptop. */
    cutAfter: (bytes: number) => {
      sent = 0;
      cutAt = bytes;
    },
    /** What came from the laptop since then, and how often the line was cut so. */
    counted: () => ({ sent, cuts }),
    stop: () => {
      for (const socket of open) socket.destroy();
      server.close();
    },
  };
}
