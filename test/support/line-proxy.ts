import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";

/** The line between laptop and server: a TCP proxy on loopback that can be cut. */
export async function startLineProxy(port: number) {
  const open = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(port, "127.0.0.1");
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
    /** Ends every connection without a goodbye; returns how many there were. */
    cut: () => {
      const count = open.size / 2;
      for (const socket of open) socket.resetAndDestroy();
      return count;
    },
    stop: () => {
      for (const socket of open) socket.destroy();
      server.close();
    },
  };
}
