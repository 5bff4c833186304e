import { mkdir, rm } from "node:fs/promises";
import type { Server } from "node:net";
import { instancePaths, type InstanceConfig } from "../../core/server/instance.ts";
import { gitKeysUid, gitUid, jailUid } from "../../core/server/uids.ts";
import type { World } from "../../core/world.ts";
import type { BlobStore } from "../../adapters/host/blob-store.ts";
import { nodeFiles } from "../../adapters/host/node-files.ts";
import { liveRelease } from "../../adapters/state/releases.ts";
import { ensureDirectory } from "../../adapters/files.ts";
import type { PushHereParts } from "../accept/push-here.ts";
import { listen } from "../entries/sockets.ts";
import { deployCommit } from "./deploy-commit.ts";
import { keyServer } from "./keys.ts";
import { createReceivePack } from "./receive-pack.ts";
import { sessionServer } from "./sessions.ts";
import { createLoginTokens } from "./tokens.ts";

export interface GitParts {
  readonly world: Pick<
    World,
    "now" | "random" | "uid" | "packageRoot" | "execPath" | "sharedObjects"
  >;
  readonly config: InstanceConfig;
  readonly store: BlobStore;
  readonly push: PushHereParts;
  readonly engineSocket: string;
  readonly onBug: (error: unknown) => void;
}

/** Opens the two sockets of `git push` over ssh: one for sshd's question about a key, one for the logins that came of it. */
export async function openGit(parts: GitParts): Promise<GitEntry> {
  const { world, config, store, push, onBug } = parts;
  const { now, random } = world;
  const { state } = push;
  const paths = instancePaths(config);
  await makeFolders(config);
  const stopping = new AbortController();
  const tokens = createLoginTokens(now, random);
  const { createJail } = await import("../../adapters/engines/docker/jail.ts");
  const { instance } = config;
  const jail = createJail({ instance, socketPath: parts.engineSocket });
  // While Docker is away nothing runs.
  await jail.sweep().catch(() => undefined);
  const deploying = { push, store, taking: paths.gitTaking, onBug };
  const receive = createReceivePack({
    random,
    jail,
    onBug,
    image: () => imageOf(parts, stopping.signal),
    node: () => nodeFiles(world),
    repositories: paths.gitRepositories,
    hooks: paths.gitHooks,
    refuseWhenFull: store.refuseWhenFull,
    liveCommit: (service) => {
      const from = liveRelease(state, service)?.from;
      return from?.dirty === true ? undefined : from?.commit;
    },
    onPushed: (hook, line) => deployCommit(deploying, hook, line),
  });
  const isRoot = world.uid === 0;
  const keys = keyServer({ state, now, tokens });
  const lines = sessionServer({ state, now, tokens, receive, onBug, stopped: stopping.signal });
  await listenAt(keys, paths.gitKeysSocket, { mode: 0o660, gid: gitKeysUid, isRoot });
  await listenAt(lines, paths.gitSocket, { mode: 0o660, gid: gitUid, isRoot });
  return {
    close: () => {
      keys.close();
      lines.close();
    },
    end: () => stopping.abort(),
  };
}

export interface GitEntry {
  /** Takes no more logins. */
  readonly close: () => void;
  /** Breaks off the pushes that still run. */
  readonly end: () => void;
}

const listenAt = (server: Server, path: string, access: Parameters<typeof listen>[2]) =>
  listen(server, { kind: "own", path }, access);

/** What a worker that was killed left in them is of no use. */
async function makeFolders(config: InstanceConfig): Promise<void> {
  const paths = instancePaths(config);
  const root = { uid: 0, gid: 0 };
  await mkdir(paths.gitRepositories, { recursive: true, mode: 0o700 });
  await rm(paths.gitTaking, { recursive: true, force: true });
  await mkdir(paths.gitTaking, { recursive: true, mode: 0o700 });
  await rm(paths.gitHooks, { recursive: true, force: true });
  await ensureDirectory(paths.gitHooks, { mode: 0o750, owner: { ...root, gid: jailUid } });
}

/** Made anew after an update of the host's git. */
async function imageOf({ world, config, engineSocket }: GitParts, signal: AbortSignal) {
  const { createInfra } = await import("../../adapters/engines/docker/infra.ts");
  const { ensureJailImage } = await import("../../adapters/jail-image.ts");
  const { instance } = config;
  const { packageRoot, random } = world;
  const infra = createInfra({ instance, socketPath: engineSocket });
  return (await ensureJailImage({ infra, instance, packageRoot, random, signal })).tag;
}
