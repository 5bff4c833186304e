import { once } from "node:events";
import { command, hint } from "../core/hints.ts";
import { UserError } from "../core/errors.ts";
import { instancePaths, type InstanceConfig } from "../core/server/instance.ts";
import type { World } from "../core/world.ts";
import { isThere } from "../adapters/files.ts";
import { packageVersion } from "../adapters/package-version.ts";
import { openBlobStore } from "../adapters/host/blob-store.ts";
import { readInstanceConfig } from "../adapters/host/instance-config.ts";
import { openSpool } from "../adapters/spool/spool.ts";
import { openState } from "../adapters/state/state.ts";
import { lockState } from "../adapters/host/worker-lock.ts";
import { openCore, type Core } from "./compose.ts";
import { lastAnswers, openServers } from "./entries/servers.ts";
import type { GitParts } from "./git/open-git.ts";
import { entryAccess, entries, listen, listenings } from "./entries/sockets.ts";

export interface WorkerOptions {
  readonly stateDir: string;
  readonly engineSocket?: string;
  /** Called once, when all three sockets answer. */
  readonly onReady?: () => void;
}

/** How long running jobs may go on after a SIGTERM, and then undo themselves; together below systemd's TimeoutStopSec of 90 s. */
const shutdownLimits = { waitMs: 60_000, undoMs: 20_000 };
const tidyMs = 10 * 60_000;

/** Runs the worker until the world is interrupted; jobs that still run then are left to the next start. */
export async function runWorker(world: World, options: WorkerOptions): Promise<void> {
  const config = await readInstanceConfig(options.stateDir);
  await refuseUnfinished(config);
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

/** Throws UserError "no-instance" where init has not made the folders that Traefik and the receiver read. */
async function refuseUnfinished(config: InstanceConfig): Promise<void> {
  const { receiverDir, dynamicDir } = instancePaths(config);
  for (const folder of [receiverDir, dynamicDir]) {
    if (await isThere(folder)) continue;
    throw new UserError(`${folder}: does not exist, so init has not finished here`, {
      code: "no-instance",
      hint: hint`run: sudo ${command("init")}`,
    });
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
  const store = openBlobStore({ dir: paths.blobs });
  const version = await packageVersion(world);
  const core = await openCore({ world, config, state, store, engineSocket, version });
  const localSpool = await openSpool({ dir: paths.localSpool });
  const onBug = (error: unknown) =>
    world.stderr.write(`bug: ${error instanceof Error ? (error.stack ?? "") : String(error)}\n`);
  const servers = openServers({ world, config, core, localSpool, engineSocket, onBug });
  const where = listenings({
    env: world.env,
    pid: world.pid,
    paths: { local: paths.localSocket, receiver: paths.receiverSocket, docker: paths.dockerSocket },
  });
  try {
    for (const entry of entries) {
      const access = { ...entryAccess[entry], isRoot: world.uid === 0 };
      await listen(servers[entry], where[entry], access);
    }
    const git = await gitOf({ world, config, core, store, engineSocket, onBug });
    options.onReady?.();
    await core.recover();
    // A full disk is no reason to abandon the jobs that run.
    const tidying = setInterval(() => void core.tidy(localSpool).catch(onBug), tidyMs);
    if (!world.interrupted.aborted) await once(world.interrupted, "abort");
    clearInterval(tidying);
    // Traefik's socket stays: without it the deploys that still run could not be switched.
    const entrances = [servers.local, servers.receiver];
    for (const server of entrances) server.close();
    git?.close();
    await core.stop(shutdownLimits);
    git?.end();
    await Promise.all(entrances.map((server) => lastAnswers(server)));
  } finally {
    for (const entry of entries) {
      servers[entry].close();
      servers[entry].closeAllConnections();
    }
  }
}

/** The entry for git; it is loaded where init has opened it. */
async function gitOf({ core, ...parts }: Omit<GitParts, "push"> & { readonly core: Core }) {
  if (parts.config.git !== true) return undefined;
  const { openGit } = await import("./git/open-git.ts");
  return openGit({ ...parts, push: { ...core.backend, random: parts.world.random } });
}
