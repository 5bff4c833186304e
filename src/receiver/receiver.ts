import { readFile } from "node:fs/promises";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { realClock } from "../adapters/clock.ts";
import { enrolledKeysFile } from "../adapters/host/enrolled-keys-file.ts";
import { openSpool, type SpoolWithUnnamed } from "../adapters/spool/spool.ts";
import { onUpgrade } from "../adapters/wire/upgrade.ts";
import { upstreamBackend } from "../adapters/wire/upstream.ts";
import { readApiPath } from "../core/api/endpoint.ts";
import { isRegistryUrl } from "../core/registry/paths.ts";
import type { EnrolledKey } from "../core/ssh/authorized-keys.ts";
import { receiverPort } from "../core/server/instance.ts";
import { parseReceiverConfig, receiverPaths } from "../core/server/receiver-container.ts";
import type { World } from "../core/world.ts";
import { maxTerminals, passOn } from "./terminal.ts";
import { createGate } from "./gate.ts";
import { receiverApp, type ReceiverParts } from "./receiver-app.ts";
import { createServer } from "./server.ts";

/** The part of the world that the receiver uses. */
type ReceiverWorld = Pick<World, "now" | "interrupted" | "stderr">;

/** Serves until interrupted; the paths in its container are fixed. */
export async function runReceiver(world: ReceiverWorld): Promise<void> {
  const { config, socketDir, spool: dir } = receiverPaths;
  const file = join(config, "receiver.json");
  const { server: id } = parseReceiverConfig(await readFile(file, "utf8"), file);
  const writeLine = (line: string) => world.stderr.write(`${line}\n`);
  const onBug = (error: unknown) => writeLine(JSON.stringify({ bug: stackOf(error) }));
  const clock = realClock(world.now);
  const spool = await openSpool({ dir });
  const keys = enrolledKeysFile(join(config, "authorized_keys"));
  const app = receiverApp({
    gate: createGate({ keys, server: id, now: world.now }),
    upstream: upstreamBackend(join(socketDir, "receiver.sock")),
    spool,
    clock,
    onBug,
  });
  const lazyParts = { keys, server: id, socketDir, spool, clock, onBug };
  const images = lazyImages(lazyParts);
  const api = lazyApi(lazyParts);
  const server = createServer({
    fetch: (request) => {
      if (isRegistryUrl(request.url)) return images(request);
      return isApiUrl(request.url) ? api(request) : app.fetch(request);
    },
    now: world.now,
    writeLine,
  });
  onUpgrade(server, {
    open: passOn(join(socketDir, "receiver.sock")),
    onBug,
    maxOpen: maxTerminals,
    onAnswer: ({ method, url }, status) => {
      const at = new Date(world.now()).toISOString();
      writeLine(JSON.stringify({ at, method, path: url?.split("?")[0]?.slice(0, 300), status }));
    },
  });
  server.listen(receiverPort, "0.0.0.0");
  await once(server, "listening");
  const { address, port } = server.address() as AddressInfo;
  writeLine(JSON.stringify({ listening: `${address}:${port}`, server: id }));
  await sweepUntil(world.interrupted, { spool, clock, onBug });
  server.close();
  server.closeAllConnections();
}

interface LazyParts extends Pick<ReceiverParts, "clock" | "onBug"> {
  readonly keys: () => Promise<readonly EnrolledKey[]>;
  readonly server: string;
  readonly socketDir: string;
  readonly spool: SpoolWithUnnamed;
}

/** The door of images is loaded when somebody knocks; Traefik leads there only where init has opened it. */
function lazyImages({ keys, server, socketDir, spool, clock, onBug }: LazyParts) {
  let opened: Promise<(request: Request) => Promise<Response>> | undefined;
  const open = async () => {
    const { registryApp } = await import("./registry/registry-app.ts");
    const { createTokenGate } = await import("./registry/token-gate.ts");
    const { upstreamDoor } = await import("../adapters/wire/image-door.ts");
    const door = upstreamDoor(join(socketDir, "receiver.sock"));
    const gate = createTokenGate({ keys, server, now: clock.now, check: door.check });
    return registryApp({ gate, door, spool, clock, onBug });
  };
  return async (request: Request) => (await (opened ??= open()))(request);
}

const isApiUrl = (url: string): boolean => readApiPath(new URL(url).pathname) !== undefined;

/** The API is loaded when somebody asks for it. */
function lazyApi({ socketDir, clock, onBug, ...of }: LazyParts) {
  let opened: Promise<(request: Request) => Promise<Response>> | undefined;
  const open = async () => {
    const { apiPassage } = await import("./api/api.ts");
    const { createTokenCheck } = await import("./token-check.ts");
    const check = createTokenCheck({ ...of, now: clock.now });
    return apiPassage({ check, socketPath: join(socketDir, "receiver.sock"), clock, onBug });
  };
  return async (request: Request) => (await (opened ??= open()))(request);
}

type Sweeping = Pick<ReceiverParts, "spool" | "clock" | "onBug">;

async function sweepUntil(
  interrupted: AbortSignal,
  { spool, clock, onBug }: Sweeping,
): Promise<void> {
  while (!interrupted.aborted) {
    // A file that cannot be removed must not end the pushes that are under way.
    // oxlint-disable-next-line no-await-in-loop
    await spool.sweep(clock.now()).catch(onBug);
    // oxlint-disable-next-line no-await-in-loop
    await clock.sleep(5 * 60_000, interrupted).catch(() => undefined);
  }
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
