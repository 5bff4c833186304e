import { readFile } from "node:fs/promises";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { realClock } from "../adapters/clock.ts";
import { enrolledKeysFile } from "../adapters/host/enrolled-keys-file.ts";
import { openSpool } from "../adapters/spool/spool.ts";
import { onUpgrade } from "../adapters/wire/upgrade.ts";
import { upstreamBackend } from "../adapters/wire/upstream.ts";
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
  const server = createServer({
    fetch: (request) => app.fetch(request),
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
