import { machine } from "node:os";
import type Docker from "dockerode";
import type { ContainerPlan } from "../../core/release/container.ts";
import { UserError } from "../../core/errors.ts";
import { label, networkName } from "../../core/release/names.ts";
import type { ContainerFacts, Engine } from "../../deploy/ports.ts";
import { answering, openDocker, reaching, statusOf, tolerating } from "./client.ts";
import { createOptions } from "./create-options.ts";
import { containerFacts, imageFacts } from "./facts.ts";
import { readLog } from "./logs.ts";
import { inspectAny, isOwned, ownedContainers, removeForGood, removeOneOffs } from "./owned.ts";
import { programHead } from "./program.ts";
import { runToEnd } from "./run-to-end.ts";
import { initError, initFailure, startError } from "./start-errors.ts";

export interface EngineOptions {
  readonly instance: string;
  readonly socketPath: string;
}

/** The engine as the story of a release sees it: only containers, images and volumes of one instance, every call repeatable. */
export function createEngine({ instance, socketPath }: EngineOptions): Engine {
  const docker = openDocker(socketPath);
  const owned = ownedContainers(docker, instance);

  const engine: Engine = {
    async inspectImage(reference) {
      const info = await tolerating([404], docker.getImage(reference).inspect());
      return info === undefined ? undefined : imageFacts(info);
    },

    async createContainer(plan) {
      try {
        return await create(docker, plan);
      } catch (error) {
        if (statusOf(error) !== 409) throw startError(plan.name, error) ?? error;
        const holder = await inspectAny(docker, plan.name);
        if (holder !== undefined && !isSame(holder, plan, instance)) {
          throw await owned.nameTaken(plan.name, error);
        }
        if (holder !== undefined) await removeForGood(docker.getContainer(holder.Id));
        return create(docker, plan);
      }
    },

    async ensureNameFree(name, service) {
      const info = await inspectAny(docker, name);
      // The engine also finds a container by the beginning of its id.
      if (info?.Name !== `/${name}`) return;
      const isOurs = isOwned(info, instance) && info.Config.Labels[label.service] === service;
      if (!isOurs) throw await owned.nameTaken(name, undefined);
    },

    async startContainer(id) {
      const container = await owned.need(id);
      try {
        await tolerating([304], container.start());
      } catch (error) {
        const name = (await owned.find(id))?.Name.replace(/^\//, "") ?? id;
        throw startError(name, error) ?? error;
      }
    },

    async stopContainer(id, timeoutMs) {
      const container = await owned.take(id);
      const t = Math.ceil(timeoutMs / 1000);
      if (container !== undefined) await tolerating([304, 404], container.stop({ t }));
    },

    async removeContainer(id) {
      const container = await owned.take(id);
      if (container !== undefined) await removeForGood(container);
    },

    async renameContainer(id, name) {
      const container = await owned.need(id);
      try {
        // Not asked before: between two renames nobody has the service's name.
        await container.rename({ name });
      } catch (error) {
        if ((await owned.find(id))?.Name === `/${name}`) return;
        throw statusOf(error) === 409 ? await owned.nameTaken(name, error) : error;
      }
    },

    async runToEnd(id, run) {
      const container = await owned.need(id);
      try {
        await runToEnd(container, run);
      } catch (error) {
        const name = (await owned.find(id))?.Name.replace(/^\//, "") ?? id;
        throw startError(name, error) ?? error;
      }
      const info = await owned.find(id);
      if (info === undefined) throw new Error(`container ${id}: gone`);
      const { exitCode, oomKilled, error } = await factsOf(docker, info, instance);
      return { exitCode, oomKilled, error };
    },

    async aliasStopped(id, alias) {
      const info = await owned.find(id);
      if (info === undefined) throw new Error(`container ${id}: gone`);
      const network = docker.getNetwork(networkName(instance));
      const endpoint = info.NetworkSettings.Networks[networkName(instance)];
      const known: readonly string[] = endpoint?.Aliases ?? [];
      if (info.State.Running || known.includes(alias)) return;
      // The engine changes no alias of an endpoint; a stopped one has nobody connected to it.
      if (endpoint !== undefined) await network.disconnect({ Container: id });
      const Aliases = [...known.filter((name) => !info.Id.startsWith(name)), alias];
      await network.connect({ Container: id, EndpointConfig: { Aliases } });
    },

    async setRestartPolicy(id, policy) {
      const container = await owned.need(id);
      await container.update({ RestartPolicy: { Name: policy } });
    },

    async inspectContainer(id) {
      const info = await owned.find(id);
      return info === undefined ? undefined : factsOf(docker, info, instance);
    },

    async listContainers(service) {
      // Images carry the other two, and so does whatever somebody starts from one by hand.
      const filter = [
        `${label.instance}=${instance}`,
        `${label.role}=service`,
        `${label.service}=${service}`,
      ];
      const listed = await docker.listContainers({ all: true, filters: { label: filter } });
      const infos = await Promise.all(listed.map((item) => owned.find(item.Id)));
      const there = infos.filter((info) => info !== undefined);
      const facts = await Promise.all(there.map((info) => factsOf(docker, info, instance)));
      return facts.toSorted((a, b) => b.release - a.release || a.replica - b.replica);
    },

    async lastLogLines(id, lines) {
      const container = await owned.take(id);
      return container === undefined ? [] : logLines(container, lines);
    },

    async removeImage(reference) {
      if (!reference.startsWith(`${instance}/`)) {
        throw new Error(`image ${reference}: not of instance "${instance}"`);
      }
      // 409: a container still uses it, so it stays until that is gone.
      await tolerating([404, 409], docker.getImage(reference).remove());
    },

    async ensureVolume(name, service) {
      const known = await tolerating([404], docker.getVolume(name).inspect());
      if (known === undefined) {
        const Labels = { [label.instance]: instance, [label.service]: service };
        await docker.createVolume({ Name: name, Labels });
        return;
      }
      // A volume without labels was put there by the operator, for example out of a backup.
      const owner = known.Labels?.[label.service] ?? service;
      const of = known.Labels?.[label.instance] ?? instance;
      if (owner === service && of === instance) return;
      throw new UserError(`volume "${name}": belongs to service "${owner}" of instance "${of}"`, {
        code: "volume-taken",
        hint: "choose another name in mypaas.volume",
      });
    },

    removeOneOffs: (service) => removeOneOffs(docker, { instance, service }),

    async listVolumes(service) {
      const filter = [`${label.instance}=${instance}`, `${label.service}=${service}`];
      const listed = await docker.listVolumes({ filters: JSON.stringify({ label: filter }) });
      return (listed.Volumes ?? []).map(({ Name }) => Name).toSorted();
    },

    async removeVolume(name) {
      await tolerating([404], docker.getVolume(name).remove());
    },
  };
  return reachingEach(engine, socketPath);
}

async function create(docker: Docker, plan: ContainerPlan): Promise<string> {
  const container = await docker.createContainer(createOptions(plan));
  return container.id;
}

/** Only what was made for the same replica of the same release may be thrown away for it. */
function isSame(info: Docker.ContainerInspectInfo, plan: ContainerPlan, instance: string): boolean {
  const keys = [label.service, label.release, label.replica];
  return (
    isOwned(info, instance) && keys.every((key) => info.Config.Labels[key] === plan.labels[key])
  );
}

async function factsOf(
  docker: Docker,
  info: Docker.ContainerInspectInfo,
  instance: string,
): Promise<ContainerFacts> {
  const facts = containerFacts(info, instance);
  const silent = facts.error === "" && facts.state === "exited";
  if (!silent || (facts.exitCode !== 126 && facts.exitCode !== 127)) return facts;
  const container = docker.getContainer(info.Id);
  const failure = initFailure(await logLines(container, 5));
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

/** Each call ends: with an answer, or with a sentence about an engine that is away or hangs. */
function reachingEach(engine: Engine, socketPath: string): Engine {
  const bounded = <A extends readonly unknown[], R>(method: (...args: A) => Promise<R>) =>
    reaching(socketPath, (...args: A) => answering(method(...args)));
  return {
    inspectImage: bounded(engine.inspectImage),
    createContainer: bounded(engine.createContainer),
    ensureNameFree: bounded(engine.ensureNameFree),
    startContainer: bounded(engine.startContainer),
    stopContainer: reaching(socketPath, (id, timeoutMs) =>
      answering(engine.stopContainer(id, timeoutMs), timeoutMs),
    ),
    removeContainer: bounded(engine.removeContainer),
    // A release command takes as long as it takes.
    runToEnd: reaching(socketPath, engine.runToEnd),
    renameContainer: bounded(engine.renameContainer),
    aliasStopped: bounded(engine.aliasStopped),
    setRestartPolicy: bounded(engine.setRestartPolicy),
    inspectContainer: bounded(engine.inspectContainer),
    listContainers: bounded(engine.listContainers),
    lastLogLines: bounded(engine.lastLogLines),
    removeImage: bounded(engine.removeImage),
    ensureVolume: bounded(engine.ensureVolume),
    removeOneOffs: bounded(engine.removeOneOffs),
    listVolumes: bounded(engine.listVolumes),
    removeVolume: bounded(engine.removeVolume),
  };
}
