import { instancePaths, type InstanceConfig } from "../core/server/instance.ts";
import { UserError } from "../core/errors.ts";
import type { WantedBlob } from "../core/wire/protocol.ts";
import type { World } from "../core/world.ts";
import type { Engine } from "../deploy/ports.ts";
import type { BlobStore } from "../adapters/host/blob-store.ts";
import { forgetOldBlobs, isBlobReferenced } from "../adapters/state/blobs.ts";
import { dropChanges, stagedEnv } from "../adapters/state/job-changes.ts";
import { forgetJobs, unfinishedJobs, type Job } from "../adapters/state/jobs.ts";
import {
  forgetReleases,
  listReleases,
  liveRelease,
  stoppedRelease,
} from "../adapters/state/releases.ts";
import { readRegistries } from "../adapters/state/registries.ts";
import { closeRequests, forgetRequests, type StoredRequest } from "../adapters/state/requests.ts";
import type { Spool } from "../adapters/spool/spool.ts";
import type { State } from "../adapters/state/state.ts";
import { takeBlob } from "../adapters/spool/take-blob.ts";
import { Terminals } from "./programs/terminals.ts";
import type { BackendParts } from "./accept/backend.ts";
import { realClock } from "../adapters/clock.ts";
import { openCertificates } from "./certificates/certificates.ts";
import { hasWildcards } from "./certificates/server-facts.ts";
import { runDeployJob } from "./deploy/deploy-job.ts";
import { planPush } from "./deploy/plan-push.ts";
import { removeInfo } from "./deploy/remove-job.ts";
import type { DeployTools } from "./deploy/deploy-context.ts";
import { openRouter, openTools } from "./deploy/tools.ts";
import { knownSecrets } from "./jobs/known-secrets.ts";
import { keysFileWriter, syncKeysFile } from "./access/enrolled-keys.ts";
import { createJobLog } from "./jobs/job-log.ts";
import { createPushes, type Pushes } from "./accept/pushes.ts";
import { openStreams } from "./logs/open-streams.ts";
import { createQueue, type Patience, type Queue } from "./jobs/queue.ts";
import { finishNames, reconcile } from "./jobs/resume.ts";
import { tokenAfterJobMs } from "./access/tokens.ts";
import { createTraefikEventStream, type TraefikEventStream } from "./jobs/traefik-event-stream.ts";
import { wentLive } from "./deploy/went-live.ts";

/** The worker without its sockets: state, queue and log, put together once. */
export interface Core {
  readonly backend: Omit<BackendParts, "door">;
  readonly attachments: Terminals;
  readonly traefikEvents: TraefikEventStream;
  /** Ends what an earlier worker left, writes the files that follow from the state, begins what is queued. */
  readonly recover: () => Promise<void>;
  readonly stop: (patience: Patience) => Promise<boolean>;
  /** Forgets what has expired. */
  readonly tidy: (localSpool: Spool) => Promise<void>;
}

export interface CoreParts {
  readonly world: Pick<World, "now" | "random" | "uid" | "kill">;
  readonly config: InstanceConfig;
  readonly state: State;
  readonly store: BlobStore;
  readonly engineSocket: string;
  readonly version: string;
}

const jobsAtOnce = 4;
/** Pushes of a service whose blobs stay, so that an unchanged file never travels twice. */
const keptPushes = 5;
const keptJobs = 50;

export async function openCore(parts: CoreParts): Promise<Core> {
  const { world, config, state, store } = parts;
  const { now, random } = world;
  const paths = instancePaths(config);
  const clock = realClock(now);
  const toolParts = { ...parts, clock, random, isRoot: world.uid === 0 };
  const router = await openRouter(toolParts);
  const traefikEvents = createTraefikEventStream(clock);
  let opened: Promise<DeployTools> | undefined;
  const streams = openStreams(toolParts);
  const certificates = openCertificates({ ...toolParts, router });
  const tools = () => (opened ??= openTools(toolParts, router, streams));

  const log = createJobLog({ state, now });
  const queue: Queue = createQueue({
    state,
    log,
    now,
    limit: jobsAtOnce,
    perform: (job, say, signal) =>
      runDeployJob({ state, store, config, clock, tools, certificates }, job, say, signal),
    secretsOf: (job) => secretsOf(state, job),
    still: (service) => stillRuns(state, service),
    reconcile: async (job, say) =>
      reconcile({ state, config, clock, traefikEvents, tools: await tools() }, job, say),
    wentLive: (job) => wentLive({ state, config }, job),
    onEnd: (job) => {
      closeRequests(state, job.id, now() + tokenAfterJobMs);
      dropChanges(state, job.id);
      forgetJobs(state, job.service, keptJobs);
      forgetReleases(state, job.service, keptJobs);
      forgetOldBlobs(state, job.service, keptPushes);
      void sweepBlobs(parts, pushes);
    },
  });
  const pushes: Pushes = createPushes({
    state,
    store,
    queue,
    take: (stored, wanted) => take(parts, stored, wanted),
  });
  const attachments = new Terminals({
    state,
    now,
    engine: async () => (await tools()).engine,
    programs: async () => {
      const { createPrograms } = await import("../adapters/engines/docker/attach.ts");
      const { instance } = config;
      return createPrograms({ instance, socketPath: parts.engineSocket, kill: world.kill });
    },
  });
  await syncKeysFile(state, paths.authorizedKeys, now());
  const writeKeys = keysFileWriter(state, paths.authorizedKeys);
  return {
    attachments,
    traefikEvents,
    backend: {
      state,
      attachments,
      streams,
      log,
      pushes,
      queue,
      now,
      server: config.server,
      actions: {
        state,
        now,
        random,
        version: parts.version,
        instance: config.instance,
        domain: config.domain,
        wildcards: hasWildcards(config),
        certificates,
        keysChanged: writeKeys,
        checkLogin: async (login) => {
          const docker = await import("../adapters/engines/docker/registry-login.ts");
          await docker.checkLogin(parts.engineSocket, login);
        },
        examine: async (host) => {
          const { examine } = await import("./doctor/examine.ts");
          return examine({ ...parts, router, certificates }, host);
        },
        removeInfo: async (service) =>
          removeInfo({ state, engine: (await tools()).engine }, service),
        plan: (action, caller) => planPush({ state, config, tools }, action, caller),
        imagesThere: async (references) => imagesThere((await tools()).engine, references),
      },
    },
    recover: async () => {
      // While Docker is away nothing runs; `tidy` tries again.
      void attachments.sweep().catch(() => undefined);
      await queue.recover(async () => {
        await router.refresh();
        await finishNames({ state, clock, tools });
      });
      certificates.start();
    },
    stop: async (patience) => {
      const [isDone] = await Promise.all([
        queue.stop(patience),
        attachments.stop(),
        certificates.stop(),
      ]);
      streams.stop();
      try {
        log.flush();
      } catch {
        // The disk takes nothing; what a job had still to say goes with its worker.
      }
      return isDone;
    },
    tidy: async (localSpool) => {
      // Where the disk was full when a key came or went, the receiver has not heard of it yet.
      await writeKeys();
      for (const request of forgetRequests(state, now())) await localSpool.drop(request);
      await localSpool.sweep(now());
      await attachments.sweep();
    },
  };
}

/** What must not stand in the log of a job: also what it is about to set, and the passwords of registries. */
function secretsOf(state: State, { id, service }: Pick<Job, "id" | "service">): readonly string[] {
  const soon = Object.values(stagedEnv(state, id)).filter((value) => value !== undefined);
  const logins = readRegistries(state).map(({ password }) => password);
  return [...knownSecrets(state, service), ...soon, ...logins];
}

async function imagesThere(engine: Engine, references: readonly string[]) {
  try {
    const facts = await Promise.all(references.map((image) => engine.inspectImage(image)));
    return new Set(facts.flatMap((one) => (one === undefined ? [] : [one.id])));
  } catch (error) {
    if (error instanceof UserError) return undefined;
    throw error;
  }
}

/** Root comes in through the local socket, everybody else through the receiver, and each has its own spool. */
async function take(parts: CoreParts, stored: StoredRequest, wanted: WantedBlob): Promise<void> {
  const paths = instancePaths(parts.config);
  await takeBlob({
    spoolDir: stored.key === "root" ? paths.localSpool : paths.spool,
    request: stored.id,
    wanted,
    into: parts.store,
  });
}

/** Not while a push is being taken over or built, whose blobs could be between two records. */
async function sweepBlobs({ state, store }: CoreParts, pushes: Pushes): Promise<void> {
  if (pushes.isTaking() || unfinishedJobs(state).length > 0) return;
  try {
    await store.sweep((sha256) => isBlobReferenced(state, sha256));
  } catch {
    // What could not be removed now is removed after the next deploy.
  }
}

/** One sentence about what serves a service now. */
export function stillRuns(state: State, service: string): string {
  const live = liveRelease(state, service);
  if (live !== undefined) return `${service} still runs release ${live.release.number}`;
  const stopped = stoppedRelease(state, service);
  if (stopped !== undefined) return `${service} is stopped`;
  const hasRun = listReleases(state, service).some(({ state: was }) => was === "retired");
  return `nothing runs under ${service}${hasRun ? "" : " yet"}`;
}
