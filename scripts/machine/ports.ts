import { createServer } from "node:net";

/** The first of the wished ports that is free on loopback, else any free one. */
export async function freePort(...wished: readonly number[]): Promise<number> {
  for (const port of wished) if (await canListen(port)) return port;
  return canListen(0).then((port) => port || freePort());
}

function canListen(port: number): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(0));
    server.listen(port, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" ? (address?.port ?? 0) : 0));
    });
  });
}
