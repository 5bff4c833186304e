import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";

/** Two ends of one connection. */
export async function socketPair(): Promise<readonly [Socket, Socket]> {
  const path = `\0mypaas-test-${randomBytes(8).toString("hex")}`;
  const server = createServer().listen(path);
  await once(server, "listening");
  const client = connect(path);
  const [there] = (await once(server, "connection")) as [Socket];
  server.close();
  return [client, there];
}
