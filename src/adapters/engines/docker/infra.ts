import type Docker from "dockerode";
import { UserError } from "../../../core/errors.ts";
import type { InfraPlan, NetworkPlan } from "../../../core/server/infra.ts";
import { label } from "../../../core/release/names.ts";
import { classicLog } from "./build-classic.ts";
import { runBuild } from "./build.ts";
import { tarContext } from "./build-context.ts";
import { buildError } from "./build-errors.ts";
import {
  bounded,
  openDocker,
  reaching,
  reasonOf,
  statusOf,
  tolerating,
  type InstanceEngine,
} from "./client.ts";
import { infraHash, infraOptions, planHashLabel } from "./create-options.ts";
import { imageFacts, inspectImage } from "./facts.ts";
import { progressOf } from "./messages.ts";
import { inspectAny, isOwned, ownedContainers, removeForGood } from "./owned.ts";
import { socketReader } from "./sockets.ts";
import { explained } from "./start-errors.ts";
import type { ImageFacts } from "../../../deploy/ports.ts";
import { command, hint } from "../../../core/hints.ts";

/** What `init` needs of Docker: networks, mypaas' own containers and their images. Every call may be repeated. */
export interface Infra {
  /** Creates the network, or finds it as planned; throws UserError when another one has its name. Where only the server's address in it differs it is made anew: its containers leave it and join again while they run. */
  readonly ensureNetwork: (plan: NetworkPlan) => Promise<Outcome>;
  /** Undefined when there is no such network. */
  readonly inspectNetwork: (name: string) => Promise<NetworkFacts | undefined>;
  /** False when there was none, or another instance's; throws while a container is in it. */
  readonly removeNetwork: (name: string) => Promise<boolean>;
  /** Makes the running container equal to the plan; one that already is, is not touched. */
  readonly ensureContainer: (plan: InfraPlan) => Promise<Outcome>;
  readonly removeContainer: (name: string) => Promise<boolean>;
  /** True when a program in the container listens on the TCP port; asks the kernel, so the container need not be in reach. */
  readonly listens: (container: string, port: number) => Promise<boolean>;
  /** The names of the routers that labels of this instance's running containers ask for. */
  readonly labelledRouters: () => Promise<readonly string[]>;
  readonly inspectImage: (reference: string) => Promise<ImageFacts | undefined>;
  /** Says a line per layer; throws UserError when the registry refuses or does not answer. */
  readonly pullImage: (reference: string, onLine: (text: string) => void) => Promise<ImageFacts>;
  /** Builds from a tar with a Dockerfile at its root. */
  readonly buildImage: (input: InfraBuild) => Promise<ImageFacts>;
}

/** What an `ensure` did; `started`: it was there as planned, but stopped. */
export type Outcome = "created" | "replaced" | "started" | "unchanged";

export interface InfraBuild {
  readonly tag: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly tar: AsyncIterable<Uint8Array>;
  /** Random, to tell BuildKit which build to cancel. */
  readonly id: string;
  readonly onLine: (text: string) => void;
  readonly signal: AbortSignal;
}

export interface NetworkFacts {
  readonly internal: boolean;
  readonly isWithoutServer: boolean;
  readonly labels: Readonly<Record<string, string>>;
  /** The server's own IPv4 address in it. */
  readonly gateway: string | undefined;
  /** Container name → address. */
  readonly containers: Readonly<Record<string, string>>;
}

/** Docker for `init`; like the engine of releases it touches nothing without the label of its instance. */
export function createInfra({ instance, socketPath }: Omit<InstanceEngine, "docker">): Infra {
  const docker = openDocker(socketPath);
  const owned = ownedContainers(docker, instance);
  const inspectNetwork = (name: string) => networkFacts(docker, name);
  return {
    inspectNetwork: bounded(socketPath, inspectNetwork),
    ensureNetwork: reaching(socketPath, async (plan) => {
      const known = await inspectNetwork(plan.name);
      if (known === undefined) {
        await createNetwork(docker, plan);
        return "created";
      }
      if (known.labels[label.instance] !== instance) throw networkTaken(plan.name);
      if (known.internal === plan.internal) {
        if (known.isWithoutServer === (plan.isWithoutServer ?? false)) return "unchanged";
        await replaceNetwork(docker, plan);
        return "replaced";
      }
      throw new UserError(`network "${plan.name}": has other settings than mypaas gives it`, {
        hint: `remove it and run init again: docker network rm ${plan.name}`,
      });
    }),
    removeNetwork: reaching(socketPath, async (name) => {
      const known = await inspectNetwork(name);
      if (known?.labels[label.instance] !== instance) return false;
      await tolerating([404], docker.getNetwork(name).remove());
      return true;
    }),
    ensureContainer: reaching(socketPath, (plan) => ensureContainer(docker, plan, instance)),
    removeContainer: reaching(socketPath, async (name) => {
      const info = await inspectAny(docker, name);
      if (info === undefined) return false;
      if (!isOwned(info, instance)) throw await owned.nameTaken(name, undefined);
      await removeForGood(docker.getContainer(info.Id));
      return true;
    }),
    listens: reaching(socketPath, async (container, port) => {
      const read = socketReader(async () => (await inspectAny(docker, container))?.State.Pid ?? 0);
      const sockets = await read(container);
      return sockets.some(({ state, localPort }) => state === "listening" && localPort === port);
    }),
    labelledRouters: reaching(socketPath, async () => {
      const filters = { label: [`${label.instance}=${instance}`] };
      const running = await docker.listContainers({ filters });
      const keys = running.flatMap(({ Labels }) => Object.keys(Labels));
      return [...new Set(keys.flatMap((key) => routerOf(key) ?? []))];
    }),
    inspectImage: reaching(socketPath, (reference) => inspectImage(docker, reference)),
    pullImage: reaching(socketPath, (reference, onLine) => pullImage(docker, reference, onLine)),
    buildImage: reaching(socketPath, async (input) => {
      const build = {
        service: input.tag,
        dockerfile: "Dockerfile",
        target: undefined,
        options: { pull: false, noCache: false },
        buildArgs: {},
        builder: undefined,
        logins: [],
        context: tarContext(input.tar),
      };
      return runBuild({ ...input, ...build }, openDocker(socketPath));
    }),
  };
}

const routerOf = (key: string): string | undefined =>
  /^traefik\.http\.routers\.([^.]+)\.rule$/.exec(key)?.[1];

async function networkFacts(docker: Docker, name: string): Promise<NetworkFacts | undefined> {
  const info = await tolerating([404], docker.getNetwork(name).inspect());
  // The engine also finds networks by the beginning of an id.
  if (info?.Name !== name) return undefined;
  const containers = Object.values(info.Containers ?? {});
  return {
    internal: info.Internal,
    isWithoutServer: info.Options?.[addressOption] === "true",
    labels: info.Labels ?? {},
    gateway: subnetOf(info)?.Gateway,
    containers: Object.fromEntries(
      containers.map(({ Name, IPv4Address }) => [Name, IPv4Address.replace(/\/.*$/, "")]),
    ),
  };
}

interface Subnet {
  readonly Subnet: string;
  readonly Gateway: string;
}

/** The IPv4 subnet of a network. */
function subnetOf(info: Docker.NetworkInspectInfo): Subnet | undefined {
  for (const { Subnet, Gateway } of info.IPAM?.Config ?? [])
    if (Subnet?.includes(".") && Gateway !== undefined) return { Subnet, Gateway };
  return undefined;
}

/** A subnet that the engine finds free: that of a network which it makes for a moment. */
async function freeSubnet(docker: Docker, plan: NetworkPlan): Promise<Subnet> {
  const name = `${plan.name}-probe`;
  // A crash may have left it.
  await tolerating([404], docker.getNetwork(name).remove());
  const { hasOwnSubnet: _, ...more } = plan;
  await createNetwork(docker, { ...more, name });
  const subnet = subnetOf(await docker.getNetwork(name).inspect());
  await docker.getNetwork(name).remove();
  if (subnet === undefined) throw new Error(`network "${name}": has no IPv4 subnet`);
  return subnet;
}

/** The driver gives the bridge no address, so the server has none in this network (moby#40579). */
const addressOption = "com.docker.network.bridge.inhibit_ipv4";

async function createNetwork(docker: Docker, plan: NetworkPlan): Promise<void> {
  const subnet = plan.hasOwnSubnet ? await freeSubnet(docker, plan) : undefined;
  try {
    await docker.createNetwork({
      ...(subnet && { IPAM: { Config: [{ ...subnet }] } }),
      Name: plan.name,
      Driver: "bridge",
      Internal: plan.internal,
      ...(plan.isWithoutServer && { Options: { [addressOption]: "true" } }),
      CheckDuplicate: true,
      Labels: { ...plan.labels },
    });
  } catch (error) {
    if (statusOf(error) === 409) throw networkTaken(plan.name);
    const reason = reasonOf(error);
    if (!/overlap|address pools/i.test(reason)) throw error;
    const hint = "remove unused networks: docker network prune";
    const text = `network "${plan.name}": no free address range, ${reason}`;
    throw new UserError(text, { hint, cause: error });
  }
}

/** Docker cannot change a network. Its containers leave it, and join the new one under the names that they had. */
async function replaceNetwork(docker: Docker, plan: NetworkPlan): Promise<void> {
  const network = docker.getNetwork(plan.name);
  const members = Object.keys((await network.inspect()).Containers ?? {});
  const aliases = new Map<string, readonly string[]>();
  for (const id of members) {
    // oxlint-disable-next-line no-await-in-loop
    const info = await inspectAny(docker, id);
    const own: readonly string[] = info?.NetworkSettings.Networks[plan.name]?.Aliases ?? [];
    // Docker itself adds the short id.
    aliases.set(
      id,
      own.filter((alias) => !id.startsWith(alias)),
    );
    // oxlint-disable-next-line no-await-in-loop
    await tolerating([404], network.disconnect({ Container: id, Force: true }));
  }
  await network.remove();
  await createNetwork(docker, plan);
  for (const [id, Aliases] of aliases)
    // oxlint-disable-next-line no-await-in-loop
    await tolerating(
      [404],
      docker
        .getNetwork(plan.name)
        .connect({ Container: id, EndpointConfig: { Aliases: [...Aliases] } }),
    );
}

const networkTaken = (name: string): UserError =>
  new UserError(`network "${name}": not made by mypaas`, {
    code: "name-taken",
    hint: hint`choose another instance name: ${command("init --instance NAME")}, or remove it: docker network rm ${name}`,
  });

async function ensureContainer(
  docker: Docker,
  plan: InfraPlan,
  instance: string,
): Promise<Outcome> {
  const image = await tolerating([404], docker.getImage(plan.image).inspect());
  if (image === undefined) throw new Error(`image ${plan.image}: not there yet`);
  const known = await inspectAny(docker, plan.name);
  if (known !== undefined && !isOwned(known, instance)) {
    throw await ownedContainers(docker, instance).nameTaken(plan.name, undefined);
  }
  if (known?.Config.Labels[planHashLabel] === infraHash(plan, image.Id) && joinedAll(known, plan)) {
    if (known.State.Running) return "unchanged";
    await explained(plan.name, tolerating([304], docker.getContainer(known.Id).start()));
    return "started";
  }
  if (known !== undefined) await removeForGood(docker.getContainer(known.Id));
  const container = await explained(
    plan.name,
    docker.createContainer(infraOptions(plan, image.Id)),
  );
  for (const endpoint of plan.networks.slice(1)) {
    const { aliases, address } = endpoint;
    const EndpointConfig = {
      Aliases: [...aliases],
      ...(address !== undefined && { IPAMConfig: { IPv4Address: address } }),
    };
    await docker.getNetwork(endpoint.name).connect({ Container: container.id, EndpointConfig });
  }
  await explained(plan.name, tolerating([304], container.start()));
  return known === undefined ? "created" : "replaced";
}

/** A crash between create and connect leaves a container that has not joined everything. */
const joinedAll = (info: Docker.ContainerInspectInfo, plan: InfraPlan): boolean =>
  plan.networks.every(({ name }) => info.NetworkSettings.Networks[name] !== undefined);

async function pullImage(
  docker: Docker,
  reference: string,
  onLine: (text: string) => void,
): Promise<ImageFacts> {
  const log = classicLog(onLine);
  const fail = (message: string): UserError => {
    const about = { service: reference, dockerfile: "", step: `FROM ${reference}`, tail: [] };
    const { message: text, hint, details } = buildError({ ...about, message });
    const sentence = text.replace(/^build .*?: base image/, "pull");
    return new UserError(sentence, { code: "pull-failed", hint: pullHint(hint), details });
  };
  const { error } = await progressOf(docker.pull(reference), log.take);
  if (error !== undefined) throw fail(error);
  return imageFacts(await docker.getImage(reference).inspect());
}

/** The hints of a build speak about FROM and pushing. */
const pullHint = (hint: string | undefined): string | undefined =>
  hint?.replace("in FROM", "of the image").replace("push again", "run the same command again");
