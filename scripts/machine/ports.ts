import { randomInt } from "node:crypto";
import { createServer } from "node:net";

/** Below those that the kernel gives to outgoing connections, one of which could have it by the time it is listened on. */
const [lowest, highest] = [20_000, 32_000] as const;
const given = new Set<number>();

/** The first of the wished ports that is free on loopback, else any free one; never the same twice. */
export async function freePort(...wished: readonly number[]): Promise<number> {
  const port = wished[0] ?? randomInt(lowest, highest);
  if (given.has(port) || !(await canListen(port))) return freePort(...wished.slice(1));
  given.add(port);
  return port;
}

function canListen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}
