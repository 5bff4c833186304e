import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { connect, type AddressInfo, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { isAddress, isIPv4 } from "../core/server/addresses.ts";
import {
  egressRefusals,
  isOpenPort,
  mayReach,
  readTarget,
  type EgressOrder,
  type EgressRefusal,
} from "../core/server/egress-container.ts";

/** The part of the world that the egress proxy uses. */
export interface EgressWorld {
  readonly writeLine: (text: string) => void;
  readonly interrupted: AbortSignal;
  /** All addresses of a name, without duplicates; empty where there are none. */
  readonly resolve: (host: string) => Promise<readonly string[]>;
}

/** Passes connections on to public addresses until interrupted. It resolves a name once, and dials the address that it has checked. */
export async function runEgress(order: EgressOrder, world: EgressWorld): Promise<void> {
  const server = createServer({ maxHeaderSize: 8 * 1024, headersTimeout: 10_000 });
  server.on("request", (_, response) => response.writeHead(405).end(egressRefusals[405]));
  server.on("connect", (request, client: Duplex, head: Buffer) => {
    void serve({ order, world, server, target: request.url ?? "" }, client, head);
  });
  // One more than are served, so that a refusal can be said.
  server.maxConnections = order.limits.connections * 2;
  server.listen(order.port, "0.0.0.0");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  world.writeLine(JSON.stringify({ listening: port }));
  if (!world.interrupted.aborted) await once(world.interrupted, "abort");
  server.close();
  server.closeAllConnections();
}

interface Asked {
  readonly order: EgressOrder;
  readonly world: EgressWorld;
  readonly server: Server;
  readonly target: string;
}

async function serve(asked: Asked, client: Duplex, head: Buffer): Promise<void> {
  const { order, world, target } = asked;
  client.on("error", () => client.destroy());
  const found = await reach(asked);
  if (typeof found === "number") {
    world.writeLine(JSON.stringify({ refused: target, reason: egressRefusals[found] }));
    client.end(`HTTP/1.1 ${found} ${egressRefusals[found]}\r\ncontent-length: 0\r\n\r\n`);
    return;
  }
  if (client.destroyed) {
    found.destroy();
    return;
  }
  client.write("HTTP/1.1 200 connected\r\n\r\n");
  found.write(head);
  join(client, found, order, (reason, bytes) =>
    world.writeLine(JSON.stringify({ cut: target, reason, bytes })),
  );
}

/** A connection to the target, or the reason against it. */
async function reach({ order, world, server, target }: Asked): Promise<Socket | EgressRefusal> {
  const place = readTarget(target);
  if (place === undefined) return 400;
  const { host, port } = place;
  if (!isOpenPort(order, port)) return 406;
  if ((await connections(server)) > order.limits.connections) return 503;
  const addresses = isAddress(host) ? [host] : await world.resolve(host).catch(() => []);
  if (addresses.length === 0) return 404;
  // A name with one special address among others is meant to deceive.
  if (!addresses.every((address) => mayReach(order, address, port))) return 403;
  let last: EgressRefusal = 502;
  for (const address of addresses.toSorted(fourFirst).slice(0, 4)) {
    // oxlint-disable-next-line no-await-in-loop
    const made = await dial(address, port, order.limits.dialMs);
    if (typeof made !== "number") return made;
    last = made;
  }
  return last;
}

const connections = (server: Server): Promise<number> =>
  new Promise((resolve) => server.getConnections((_, count) => resolve(count)));

const fourFirst = (one: string, other: string): number =>
  Number(isIPv4(other)) - Number(isIPv4(one));

async function dial(host: string, port: number, ms: number): Promise<Socket | EgressRefusal> {
  const socket = connect({ host, port, noDelay: true });
  const signal = AbortSignal.timeout(ms);
  try {
    await once(socket, "connect", { signal });
    return socket;
  } catch {
    socket.on("error", () => undefined).destroy();
    return signal.aborted ? 504 : 502;
  }
}

/** Passes bytes on in both directions, until one side ends or a limit is reached. */
function join(
  client: Duplex,
  other: Socket,
  { limits }: EgressOrder,
  onCut: (reason: string, bytes: number) => void,
): void {
  let bytes = 0;
  const cut = (reason: string) => {
    if (client.destroyed && other.destroyed) return;
    onCut(reason, bytes);
    other.destroy();
    client.destroy();
  };
  const count = (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > limits.bytes) cut("too many bytes");
  };
  const total = setTimeout(() => cut("open for too long"), limits.totalMs);
  other.setTimeout(limits.silentMs, () => cut("silent for too long"));
  other.on("error", () => other.destroy());
  other.on("close", () => {
    clearTimeout(total);
    client.destroy();
  });
  client.on("close", () => other.destroy());
  client.on("data", count).pipe(other);
  other.on("data", count).pipe(client);
}
