import { machine } from "node:os";
import type Docker from "dockerode";
import { label, networkName } from "../../../core/release/names.ts";
import { byProcess } from "../../../core/release/processes.ts";
import type { KernelSocket } from "../../../core/server/proc-net.ts";
import type { ProgramEnd, Releases, Replica } from "../../../deploy/ports.ts";
import { bounded, reaching, statusOf, tolerating, type InstanceEngine } from "./client.ts";
import type { ContainerPlan } from "./container-plan.ts";
import { createOptions } from "./create-options.ts";
import { containerFacts } from "./facts.ts";
import { readLog } from "./logs.ts";
import {
  inspectAny,
  isOwned,
  keepsVolumes,
  ownedContainers,
  removeForGood,
  stopAndRemove,
  type OwnedContainers,
} from "./owned.ts";
import { programHead } from "./program.ts";
import { lineSplitter } from "./build-log.ts";
import { outputOf } from "./demux.ts";
import { socketReader } from "./sockets.ts";
import { initError, initFailure, runtimeFailure, startError } from "./start-errors.ts";

type RunToEnd = Parameters<Releases["runCommand"]>[1];

/** Single containers of services of one instance. Every call may be repeated safely. */
export interface Containers {
  /** Creates without starting; an identical container of ours with that name is replaced. Returns its id. */
  readonly create: (plan: ContainerPlan) => Promise<string>;
  /** Throws UserError when a container of anything but `service` has the name. */
  readonly ensureNameFree: (name: string, service: string) => Promise<void>;
  readonly start: (id: string) => Promise<void>;
  /** The image's STOPSIGNAL, SIGTERM without one, then SIGKILL after `timeoutMs`; fine when it is not running. */
  readonly stop: (id: string, timeoutMs: number) => Promise<void>;
  /** Kills and removes; fine when it is gone. */
  readonly remove: (id: string) => Promise<void>;
  readonly rename: (id: string, name: string) => Promise<void>;
  /** Lets others find a container that is stopped under one more name from its next start on; nothing happens to one that runs. */
  readonly aliasStopped: (id: string, alias: string) => Promise<void>;
  readonly setRestartPolicy: (id: string, policy: "no" | "unless-stopped") => Promise<void>;
  /** Starts a container whose program ends by itself; returns when it has. */
  readonly runToEnd: (id: string, run: RunToEnd) => Promise<ProgramEnd>;
  /** Undefined when it is gone. */
  readonly inspect: (id: string) => Promise<Replica | undefined>;
  /** Containers of one service, running or not, newest release first. */
  readonly list: (service: string) => Promise<readonly Replica[]>;
  readonly lastLogLines: (id: string, lines: number) => Promise<readonly string[]>;
  /** Sockets in the network of a container, by id or name; none while it does not run. */
  readonly socketsOf: (container: string) => Promise<readonly KernelSocket[]>;
}

interface Client extends InstanceEngine {
  readonly owned: OwnedContainers;
}

/** Docker's containers; nothing without the label of the instance is touched, and each call ends. */
export function createContainers(engine: InstanceEngine): Containers {
  const { docker, instance, socketPath } = engine;
  const owned = ownedContainers(docker, instance);
  const client = { ...engine, owned };
  const find = bounded(socketPath, owned.find);
  return {
    create: bounded(
      socketPath,
      (plan) => createAnew(client, plan),
      ({ stopTimeoutMs }) => stopTimeoutMs,
    ),
    ensureNameFree: bounded(socketPath, (name, service) => ensureNameFree(client, name, service)),
    start: bounded(socketPath, (id) => start(client, id)),
    stop: bounded(
      socketPath,
      async (id, timeoutMs) => {
        const container = await owned.take(id);
        const t = Math.ceil(timeoutMs / 1000);
        if (container !== undefined) await tolerating([304, 404], container.stop({ t }));
      },
      (_id, timeoutMs) => timeoutMs,
    ),
    remove: bounded(socketPath, async (id) => {
      const info = await owned.find(id);
      if (info !== undefined) await removeWithPast(docker, info);
    }),
    rename: bounded(socketPath, (id, name) => rename(client, id, name)),
    aliasStopped: bounded(socketPath, (id, alias) => aliasStopped(client, id, alias)),
    setRestartPolicy: bounded(socketPath, async (id, policy) => {
      await (await owned.need(id)).update({ RestartPolicy: { Name: policy } });
    }),
    // A release command takes as long as it takes.
    runToEnd: reaching(socketPath, (id, run) => runAndLook(client, id, run)),
    inspect: bounded(socketPath, async (id) => {
      const info = await owned.find(id);
      return info === undefined ? undefined : factsOf(client, info);
    }),
    list: bounded(socketPath, (service) => list(client, service)),
    lastLogLines: bounded(socketPath, async (id, lines) => {
      const container = await owned.take(id);
      return container === undefined ? [] : logLines(container, lines);
    }),
    socketsOf: socketReader(async (container) => (await find(container))?.State.Pid ?? 0),
  };
}

async function createAnew(client: Client, plan: ContainerPlan): Promise<string> {
  const { docker, owned, instance } = client;
  const create = async () => (await docker.createContainer(createOptions(plan))).id;
  try {
    return await create();
  } catch (error) {
    if (statusOf(error) !== 409) throw startError(plan.name, error) ?? error;
    const holder = await inspectAny(docker, plan.name);
    if (holder !== undefined && !isSame(holder, plan, instance)) {
      throw await owned.nameTaken(plan.name, error);
    }
    if (holder !== undefined)
      await stopAndRemove(docker.getContainer(holder.Id), { v: !keepsVolumes(holder) });
    return create();
  }
}

const removeWithPast = (docker: Docker, info: Docker.ContainerInspectInfo): Promise<void> =>
  removeForGood(docker.getContainer(info.Id), { v: !keepsVolumes(info) });

/** Only a container of the same replica of the same release may be thrown away for a new one. */
function isSame(info: Docker.ContainerInspectInfo, plan: ContainerPlan, instance: string): boolean {
  const keys = [label.service, label.release, label.process, label.replica];
  return (
    isOwned(info, instance) && keys.every((key) => info.Config.Labels[key] === plan.labels[key])
  );
}

async function ensureNameFree(client: Client, name: string, service: string): Promise<void> {
  const { docker, owned, instance } = client;
  const info = await inspectAny(docker, name);
  // The engine also finds a container by the beginning of its id.
  if (info?.Name !== `/${name}`) return;
  const isOurs = isOwned(info, instance) && info.Config.Labels[label.service] === service;
  if (!isOurs) throw await owned.nameTaken(name, undefined);
}

async function start({ owned }: Client, id: string): Promise<void> {
  const container = await owned.need(id);
  await tolerating([304], container.start()).catch((error: unknown) =>
    notStarted(owned, id, error),
  );
}

async function notStarted(owned: OwnedContainers, id: string, error: unknown): Promise<never> {
  const name = (await owned.find(id))?.Name.replace(/^\//, "") ?? id;
  throw startError(name, error) ?? error;
}

async function rename({ owned }: Client, id: string, name: string): Promise<void> {
  const container = await owned.need(id);
  try {
    // Not asked before: between two renames no container has the service's name.
    await container.rename({ name });
  } catch (error) {
    if ((await owned.find(id))?.Name === `/${name}`) return;
    throw statusOf(error) === 409 ? await owned.nameTaken(name, error) : error;
  }
}

async function aliasStopped(client: Client, id: string, alias: string): Promise<void> {
  const { docker, owned, instance } = client;
  const info = await owned.find(id);
  if (info === undefined) throw new Error(`container ${id}: gone`);
  const network = docker.getNetwork(networkName(instance));
  const endpoint = info.NetworkSettings.Networks[networkName(instance)];
  const known: readonly string[] = endpoint?.Aliases ?? [];
  if (info.State.Running || known.includes(alias)) return;
  // The engine changes no alias of an endpoint; a stopped container has no connection to lose.
  if (endpoint !== undefined) await network.disconnect({ Container: id });
  const Aliases = [...known.filter((name) => !info.Id.startsWith(name)), alias];
  await network.connect({ Container: id, EndpointConfig: { Aliases } });
}

async function runAndLook(client: Client, id: string, run: RunToEnd): Promise<ProgramEnd> {
  const { owned } = client;
  const container = await owned.need(id);
  await runToEnd(container, run).catch((error: unknown) => notStarted(owned, id, error));
  const info = await owned.find(id);
  if (info === undefined) throw new Error(`container ${id}: gone`);
  const { exitCode, oomKilled, error, program } = await factsOf(client, info);
  return { exitCode, oomKilled, error, ...(program !== undefined && { program }) };
}

async function list(client: Client, service: string): Promise<readonly Replica[]> {
  const infos = await client.owned.list("service", service);
  const facts = await Promise.all(infos.map((info) => factsOf(client, info)));
  return facts.toSorted((a, b) => b.release - a.release || byProcess(a, b));
}

async function factsOf(
  { docker, instance }: Client,
  info: Docker.ContainerInspectInfo,
): Promise<Replica> {
  const facts = containerFacts(info, instance);
  const isSilent = facts.error === "" && info.State.Status === "exited";
  const hasInit = info.HostConfig.Init === true;
  if (!isSilent || !(hasInit ? [126, 127] : [1, 255]).includes(facts.exitCode)) return facts;
  const container = docker.getContainer(info.Id);
  const lines = await logLines(container, 5);
  const failure = hasInit ? initFailure(lines) : runtimeFailure(lines, info.Path);
  if (failure === undefined) return facts;
  const head = await programHead(container, info.Config, failure.program);
  return { ...facts, error: initError(failure, head, machine()) };
}

async function logLines(container: Docker.Container, lines: number): Promise<readonly string[]> {
  const options = { stdout: true, stderr: true, timestamps: true, tail: lines };
  // 409: dead or marked for removal.
  const log: unknown = await tolerating([404, 409], container.logs(options));
  // dockerode parses a log that happens to be JSON; with the binary frame in front it cannot be.
  return Buffer.isBuffer(log) ? readLog(log) : [];
}

/** Starts a container that was created, passes its output on and returns when it has ended. */
async function runToEnd(container: Docker.Container, { onLine, signal }: RunToEnd): Promise<void> {
  await container.start();
  const stop = (): void => {
    // It may have ended meanwhile, which is what was wanted. Its own time to stop is that of its release.
    container.stop().catch(() => undefined);
  };
  signal.addEventListener("abort", stop);
  if (signal.aborted) stop();
  try {
    const log = await container.logs({ follow: true, stdout: true, stderr: true });
    await readLines(log, onLine);
    await tolerating([404], container.wait());
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

/** Both streams line by line, until the engine closes the log because the program has ended; of two lines of different streams the engine itself does not know which was first. */
async function readLines(log: NodeJS.ReadableStream, onLine: (text: string) => void) {
  const splitters = { stdout: lineSplitter(onLine), stderr: lineSplitter(onLine) };
  for await (const { stream, bytes } of outputOf(log, false)) splitters[stream].write(bytes);
  for (const splitter of Object.values(splitters)) splitter.flush();
}
