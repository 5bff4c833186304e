import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { addressAndPort } from "../core/server/listening.ts";
import type { RelayDoor, RelayOrder } from "../core/server/relay-container.ts";
import { proxyHeader } from "./proxy-header.ts";

/** The part of the world that the relay uses. */
export interface RelayWorld {
  readonly writeLine: (text: string) => void;
  readonly interrupted: AbortSignal;
  /** Gives up root, which only ports below 1024 need. */
  readonly dropRoot: () => void;
}

const keepAliveMs = 60_000;
/** Traefik's container is away for about a second when it is replaced. */
const dialMs = 10_000;
const dialAgainMs = 100;
/** Time for open connections when the relay is stopped; new ones are refused meanwhile. */
const drainMs = 1_000;

/** Passes connections on to Traefik, each with its client's own address, until interrupted. */
export async function runRelay({ doors }: RelayOrder, world: RelayWorld): Promise<void> {
  const open = new Set<Socket>();
  const servers = await Promise.all(
    doors.map((door) => listen(door, world, (client) => void pass(client, door, open))),
  );
  world.dropRoot();
  if (!world.interrupted.aborted) await once(world.interrupted, "abort");
  for (const server of servers) server.close();
  const end = Date.now() + drainMs;
  // oxlint-disable-next-line no-await-in-loop
  while (open.size > 0 && Date.now() < end) await sleep(50);
}

/** An address that this machine does not have yet, or that another program holds, is tried again: Docker restarts no container that runs. */
async function listen(
  { address, port }: RelayDoor,
  { writeLine, interrupted }: RelayWorld,
  onClient: (client: Socket) => void,
): Promise<Server> {
  const options = { allowHalfOpen: true, pauseOnConnect: true, noDelay: true };
  const place = addressAndPort(address, port);
  for (let said = ""; ;) {
    const server = createServer({ ...options, keepAlive: true }, onClient);
    try {
      server.listen({ host: address, port, ipv6Only: true, backlog: 4096 });
      // oxlint-disable-next-line no-await-in-loop
      await once(server, "listening");
      server.on("error", ({ message }) => writeLine(JSON.stringify({ at: place, message })));
      writeLine(JSON.stringify({ listening: place }));
      return server;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      if (reason !== said) writeLine(JSON.stringify({ waiting: place, reason }));
      said = reason;
    }
    if (interrupted.aborted) return createServer();
    // oxlint-disable-next-line no-await-in-loop
    await sleep(1000, undefined, { signal: interrupted }).catch(() => undefined);
  }
}

async function pass(client: Socket, { to }: RelayDoor, open: Set<Socket>): Promise<void> {
  open.add(client);
  client.on("error", () => client.destroy()).once("close", () => open.delete(client));
  const { remoteAddress, remotePort = 0, localAddress, localPort = 0 } = client;
  const traefik = remoteAddress === undefined ? undefined : await dial(to, client);
  const isOver = client.destroyed || remoteAddress === undefined || localAddress === undefined;
  if (traefik === undefined || isOver) {
    traefik?.destroy();
    client.destroy();
    return;
  }
  traefik.on("error", () => traefik.destroy()).once("close", () => client.destroy());
  client.once("close", () => traefik.destroy());
  const from = { address: remoteAddress, port: remotePort };
  traefik.write(proxyHeader(from, { address: localAddress, port: localPort }));
  client.setKeepAlive(true, keepAliveMs);
  client.pipe(traefik).pipe(client);
}

async function dial({ host, port }: RelayDoor["to"], client: Socket): Promise<Socket | undefined> {
  const end = Date.now() + dialMs;
  while (!client.destroyed && Date.now() < end) {
    const traefik = connect({ host, port, allowHalfOpen: true, noDelay: true, keepAlive: true });
    try {
      // oxlint-disable-next-line no-await-in-loop
      await once(traefik, "connect");
      return traefik;
    } catch {
      traefik.destroy();
    }
    // oxlint-disable-next-line no-await-in-loop
    await sleep(dialAgainMs);
  }
  return undefined;
}
