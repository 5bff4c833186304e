import { createServer, type Server } from "node:http";
import { readFile } from "node:fs/promises";
import { createAdaptorServer } from "@hono/node-server";
import { instancePaths, type InstanceConfig } from "../core/instance.ts";
import type { World } from "../core/world.ts";
import { openBlobStore } from "../adapters/blob-store.ts";
import { dockerFilter } from "../adapters/docker-filter.ts";
import { readInstanceConfig } from "../adapters/instance-config.ts";
import { openSpool, type Spool } from "../adapters/spool.ts";
import { openState } from "../adapters/state.ts";
import { wireApp } from "../adapters/wire-app.ts";
import { lockState } from "../adapters/worker-lock.ts";
import { createBackend } from "./backend.ts";
import { realClock } from "./clock.ts";
import { openCore, type Core } from "./core.ts";
import { doorAccess, doors, listen, listenings, type Door } from "./sockets.ts";

export interface WorkerOptions {
  readonly stateDir: string;
  readonly engineSocket?: string;
  /** Called once, when all three sockets answer. */
  readonly onReady?: () => void;
}

/** How long running deploys may go on after a SIGTERM, and then undo themselves; together below systemd's TimeoutStopSec of 90 s. */
const patience = { waitMs: 60_000, undoMs: 20_000 };
const tidyMs = 10 * 60_000;

/** Runs the worker until the world is interrupted; what then still runs is left to the next start. */
export async function runWorker(world: World, options: WorkerOptions): Promise<void> {
  const config = await readInstanceConfig(options.stateDir);
  const lock = lockState(`${config.stateDir}/worker.lock`);
  try {
    const state = openState(instancePaths(config).database);
    try {
      await work(world, config, options, state);
    } finally {
      state.close();
    }
  } finally {
    lock.release();
  }
}

async function work(
  world: World,
  config: InstanceConfig,
  options: WorkerOptions,
  state: ReturnType<typeof openState>,
): Promise<void> {
  const paths = instancePaths(config);
  const engineSocket = options.engineSocket ?? "/var/run/docker.sock";
  const core = await openCore({
    world,
    config,
    state,
    store: openBlobStore({ dir: paths.blobs }),
    engineSocket,
    version: await versionOf(world),
  });
  const localSpool = await openSpool({ dir: paths.localSpool });
  const servers = openServers({ world, config, core, localSpool, engineSocket });
  const where = listenings({
    env: world.env,
    pid: world.pid,
    paths: { local: paths.localSocket, receiver: paths.receiverSocket, docker: paths.dockerSocket },
  });
  try {
    for (const door of doors) {
      await listen(servers[door], where[door], { ...doorAccess[door], isRoot: world.uid === 0 });
    }
    options.onReady?.();
    await core.recover();
    const tidying = setInterval(() => void core.tidy(localSpool), tidyMs);
    await interrupted(world.interrupted);
    clearInterval(tidying);
    for (const door of doors) servers[door].close();
    await core.stop(patience);
  } finally {
    for (const door of doors) {
      servers[door].close();
      servers[door].closeAllConnections();
    }
  }
}

interface ServerParts {
  readonly world: World;
  readonly config: InstanceConfig;
  readonly core: Core;
  readonly localSpool: Spool;
  readonly engineSocket: string;
}

function openServers(parts: ServerParts): Readonly<Record<Door, Server>> {
  const { world, config, core, localSpool, engineSocket } = parts;
  const onBug = (error: unknown) =>
    world.stderr.write(`bug: ${error instanceof Error ? (error.stack ?? "") : String(error)}\n`);
  const common = { clock: realClock(world.now), onBug };
  const local = wireApp({
    ...common,
    backend: createBackend({ ...core.backend, door: "local" }),
    spool: localSpool,
    requireSignature: false,
  });
  const outside = wireApp({
    ...common,
    backend: createBackend({ ...core.backend, door: "outside" }),
    spool: undefined,
    requireSignature: true,
  });
  return {
    local: serve(local),
    receiver: serve(outside),
    docker: createServer(dockerFilter({ engineSocket, instance: config.instance })),
  };
}

/** A push of gigabytes takes as long as it takes; the protocol itself drops senders that stall. */
function serve(app: ReturnType<typeof wireApp>): Server {
  const serverOptions = { requestTimeout: 0 };
  return createAdaptorServer({ fetch: app.fetch, createServer, serverOptions }) as Server;
}

async function versionOf(world: World): Promise<string> {
  const text = await readFile(`${world.packageRoot}/package.json`, "utf8");
  return (JSON.parse(text) as { readonly version: string }).version;
}

function interrupted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
