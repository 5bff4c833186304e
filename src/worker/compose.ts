import { rm } from "node:fs/promises";
import { instancePaths, type InstanceConfig } from "../core/server/instance.ts";
import { UserError } from "../core/errors.ts";
import { TrafficCounter, type OwnRequest } from "../core/metrics/traffic.ts";
import type { World } from "../core/world.ts";
import type { Engine } from "../deploy/ports.ts";
import { realClock } from "../adapters/clock.ts";
import type { BlobStore } from "../adapters/host/blob-store.ts";
import { forgetGrants } from "../adapters/state/grants.ts";
import { readLinks } from "../adapters/state/links.ts";
import { forgetRequests } from "../adapters/state/requests.ts";
import type { Spool } from "../adapters/spool/spool.ts";
import type { State } from "../adapters/state/state.ts";
import { createMeter } from "../adapters/traefik/metrics.ts";
import { createReadings } from "../adapters/traefik/readings.ts";
import type { ActionParts } from "./accept/actions.ts";
import type { ApiDoorParts } from "./accept/api-door.ts";
import type { BackendParts } from "./accept/backend.ts";
import type { ImageDoorParts } from "./accept/image-door.ts";
import { keysFileWriter, syncKeysFile } from "./access/enrolled-keys.ts";
import { openCertificates } from "./certificates/certificates.ts";
import { hasWildcards } from "./certificates/server-facts.ts";
import type { DeployTools } from "./deploy/deploy-context.ts";
import { openEgress } from "./egress/egress.ts";
import { planPush } from "./deploy/plan-push.ts";
import { pageOf } from "./maintenance/page.ts";
import { createFetcher } from "./links/fetch.ts";
import { pollLinks } from "./links/poll.ts";
import { reportCommits } from "./links/report.ts";
import { openMaintenance } from "./maintenance/maintenance.ts";
import { locateTraefik, openRouter, openTools } from "./deploy/tools.ts";
import { metricsAnswer } from "./metrics/answer.ts";
import { openSampler } from "./metrics/sampler.ts";
import { removeInfo } from "./jobs/kinds/remove.ts";
import { openJobs } from "./jobs/open-jobs.ts";
import type { ShutdownLimits } from "./jobs/queue.ts";
import { finishNames } from "./jobs/resume.ts";
import { createTraefikEventStream, type TraefikEventStream } from "./jobs/traefik-event-stream.ts";
import { openStreams } from "./logs/streams.ts";
import { createDisk } from "./status/disk.ts";
import { Terminals } from "./programs/terminals.ts";

/** The worker without its sockets. */
export interface Core {
  readonly backend: Omit<BackendParts, "entry"> & ApiDoorParts;
  readonly attachments: Terminals;
  /** Of the door of images; undefined where init has not opened it. */
  readonly images: ImageDoorParts | undefined;
  readonly traefikEvents: TraefikEventStream;
  /** Ends the jobs that an earlier worker left, writes the dynamic file, begins the queued jobs. */
  readonly recover: () => Promise<void>;
  readonly stop: (limits: ShutdownLimits) => Promise<boolean>;
  /** Forgets expired requests, with their uploads. */
  readonly tidy: (localSpool: Spool) => Promise<void>;
}

interface CoreParts {
  readonly world: Pick<
    World,
    "now" | "random" | "uid" | "kill" | "execPath" | "sharedObjects" | "packageRoot"
  >;
  readonly config: InstanceConfig;
  readonly state: State;
  readonly store: BlobStore;
  readonly engineSocket: string;
  readonly version: string;
}

/** Puts the parts of the worker together; begins nothing. */
export async function openCore(parts: CoreParts): Promise<Core> {
  const { world, config, state } = parts;
  const { now } = world;
  const paths = instancePaths(config);
  const shared = await openShared(parts);
  const { clock, router, streams, traefikEvents, certificates, tools, maintenance, fetcher } =
    shared;
  const { log, queue, pushes } = openJobs({ ...parts, ...shared });
  const { sampler } = shared;
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
  // What a worker left that was killed.
  await rm(paths.linkTaking, { recursive: true, force: true });
  await syncKeysFile(state, paths.authorizedKeys, now());
  const writeKeys = keysFileWriter(state, paths.authorizedKeys);
  const actions = openActions(parts, shared, writeKeys);
  const { server } = config;
  const backend = { state, attachments, streams, log, pushes, queue, now, server, actions };
  const polling = new AbortController();
  return {
    backend,
    attachments,
    images: config.registry === true ? imageDoorParts(parts, backend) : undefined,
    traefikEvents,
    recover: async () => {
      // While Docker is away nothing runs; `tidy` tries again.
      void attachments.sweep().catch(() => undefined);
      // Without links nothing was fetched, and the client of Docker need not be loaded.
      if (readLinks(state).length > 0) void fetcher.sweep().catch(() => undefined);
      await queue.recover(async () => {
        await router.refresh();
        await finishNames({ state, clock, tools });
      });
      certificates.start();
      sampler.start();
      // Requests need no page to be told 503.
      void maintenance.start();
      void pollLinks({ ...backend, ...shared, random: world.random }, polling.signal);
      void reportCommits({ state, clock, config, fetcher }, polling.signal);
    },
    stop: async (limits) => {
      polling.abort();
      sampler.stop();
      const others = [attachments.stop(), certificates.stop()];
      const [isDone] = await Promise.all([queue.stop(limits), ...others]);
      streams.stop();
      try {
        log.flush();
      } catch {
        // The disk takes nothing; the last events of a job that still runs are lost.
      }
      return isDone;
    },
    tidy: async (localSpool) => {
      // Where the disk was full when a key was added or removed, the receiver does not know it yet.
      await writeKeys();
      forgetGrants(state, now());
      for (const request of forgetRequests(state, now())) await localSpool.drop(request);
      await localSpool.sweep(now());
      await attachments.sweep();
    },
  };
}

function imageDoorParts(
  { world, config, store, engineSocket }: CoreParts,
  { state, pushes, log, now, server }: Core["backend"],
): ImageDoorParts {
  return {
    state,
    pushes,
    log,
    now,
    server,
    store,
    random: world.random,
    domain: config.domain,
    spoolDir: instancePaths(config).spool,
    platform: async () => {
      const { engineInfo } = await import("../adapters/engines/docker/info.ts");
      return (await engineInfo(engineSocket)).platform;
    },
  };
}

/** The parts that several others need. */
type Shared = Awaited<ReturnType<typeof openShared>>;

async function openShared(parts: CoreParts) {
  const { now, random, uid } = parts.world;
  const clock = realClock(now);
  const traffic = new TrafficCounter();
  const onProbe = (request: OwnRequest) => traffic.leaveOut(request);
  const toolParts = { ...parts, clock, random, isRoot: uid === 0, onProbe };
  const router = await openRouter(toolParts);
  const readings = createReadings(() => locateTraefik(parts.config, parts.engineSocket));
  const meter = createMeter(readings);
  const streams = openStreams(toolParts);
  /** What runs foreign code that needs the internet gets it from here. */
  const egress = openEgress(parts);
  let opened: Promise<DeployTools> | undefined;
  return {
    clock,
    router,
    streams,
    traefikEvents: createTraefikEventStream(clock),
    egress,
    fetcher: createFetcher({ ...parts, egress }),
    certificates: openCertificates({ ...toolParts, router }),
    maintenance: openMaintenance({
      ...parts,
      ...parts.world,
      router,
      page: pageOf({ ...parts, clock }),
    }),
    /** Opened when the first job runs, because they are heavy to load. */
    tools: () => (opened ??= openTools(toolParts, router, { streams, meter })),
    sampler: openSampler(toolParts, { router, readings, meter, traffic }),
  };
}

function openActions(
  parts: CoreParts,
  { router, certificates, tools, maintenance, sampler }: Shared,
  keysChanged: () => Promise<void>,
): ActionParts {
  const { world, config, state, version, engineSocket } = parts;
  const { instance, domain } = config;
  return {
    state,
    now: world.now,
    random: world.random,
    version,
    instance,
    domain,
    wildcards: hasWildcards(config),
    certificates,
    maintenance,
    keysChanged,
    serveUsers: (users) => router.serve({ users }),
    checkLogin: async (login) => {
      const docker = await import("../adapters/engines/docker/registry-login.ts");
      await docker.checkLogin(engineSocket, login);
    },
    examine: async (host) => {
      const { examine } = await import("./doctor/examine.ts");
      return examine({ ...parts, router, certificates }, host);
    },
    removeInfo: async (service) => removeInfo({ state, engine: (await tools()).engine }, service),
    plan: (action, caller) => planPush({ state, config, tools }, action, caller),
    disk: openDisk(parts),
    metrics: (asked, caller) => metricsAnswer({ ...parts, now: world.now, sampler }, asked, caller),
    imagesThere: async (references) => imagesThere((await tools()).engine, references),
    builder: async () => {
      const { builderFacts } = await import("../adapters/engines/docker/info.ts");
      return builderFacts(engineSocket);
    },
  };
}

const openDisk = ({ world, config, state, engineSocket }: CoreParts) =>
  createDisk({
    state,
    config,
    now: world.now,
    engine: async () => {
      const { engineDisk } = await import("../adapters/engines/docker/disk-usage.ts");
      return engineDisk(engineSocket);
    },
  });

async function imagesThere(engine: Engine, references: readonly string[]) {
  try {
    const facts = await Promise.all(references.map((image) => engine.inspectImage(image)));
    return new Set(facts.flatMap((one) => (one === undefined ? [] : [one.id])));
  } catch (error) {
    if (error instanceof UserError) return undefined;
    throw error;
  }
}
