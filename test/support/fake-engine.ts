import type { ContainerPlan } from "../../src/adapters/engines/docker/container-plan.ts";
import type { Containers } from "../../src/adapters/engines/docker/containers.ts";
import { createReplicaInspector } from "../../src/adapters/engines/docker/inspect-replicas.ts";
import { createReleases } from "../../src/adapters/engines/docker/releases.ts";
import { createServiceNames } from "../../src/adapters/engines/docker/service-names.ts";
import { UserError } from "../../src/core/errors.ts";
import { label, traefikContainerName } from "../../src/core/release/names.ts";
import type { KernelSocket } from "../../src/core/server/proc-net.ts";
import type { Clock, Engine, ProbeAnswer, Replica } from "../../src/deploy/ports.ts";

/** What the program in a container does, by virtual time since its start. */
export interface Behaviour {
  readonly bootMs?: number;
  /** Where it listens once booted; 0.0.0.0:3000 when left out. */
  readonly listens?: readonly { readonly address: string; readonly port: number }[];
  /** Status of the health path; 200 when left out. */
  readonly status?: number;
  readonly health?: Replica["health"];
  readonly ends?: {
    readonly afterMs: number;
    readonly exitCode: number;
    readonly oomKilled?: boolean;
    readonly error?: string;
  };
  readonly logs?: readonly string[];
  /** What its release command does. */
  readonly command?: {
    readonly lines?: readonly string[];
    readonly ms?: number;
    readonly exitCode?: number;
  };
  /** How long Traefik's connections to it stay open after nobody new is sent there. */
  readonly busyMs?: number;
  /** The container whose connections these are; Traefik's when left out. */
  readonly busyFrom?: string;
  /** What the processes beside `web` do, by name; one that is not named runs. */
  readonly processes?: Readonly<Record<string, Behaviour>>;
}

interface FakeContainer {
  readonly id: string;
  readonly plan: ContainerPlan;
  name: string;
  startedAt: number | undefined;
  stopped: boolean;
}

export interface FakeEngine {
  readonly engine: Engine;
  /** The containers below it. */
  readonly containers: Containers;
  /** The same engine over containers that somebody has wrapped. */
  readonly engineOver: (wrapped: Containers) => Engine;
  /** Name and state of each container. */
  readonly states: () => readonly string[];
  readonly isReady: (release: number) => boolean;
  readonly keep: (name: string) => void;
  readonly lose: (name: string) => void;
}

/** The engine of Docker over containers in memory, with the programs in them; `did` hears of every change of a container. */
export function fakeEngine(options: {
  readonly clock: Clock;
  readonly behaviours: Readonly<Record<number, Behaviour>>;
  readonly did: (what: string) => void;
  /** What every image has of labels that Traefik would read. */
  readonly imageLabels?: readonly string[];
}): FakeEngine {
  const { clock, behaviours, did } = options;
  const all = new Map<string, FakeContainer>();
  const kept = new Set<string>();
  let serial = 0;

  const processOf = (one: FakeContainer): string => one.plan.labels[label.process] ?? "web";
  const behaviourOf = (one: FakeContainer): Behaviour => {
    const own = behaviours[Number(one.plan.labels[label.release])] ?? {};
    const process = processOf(one);
    return process === "web" ? own : (own.processes?.[process] ?? {});
  };
  const age = (one: FakeContainer): number => clock.now() - (one.startedAt ?? clock.now());
  const stateOf = (one: FakeContainer): "created" | "running" | "exited" => {
    if (one.startedAt === undefined) return "created";
    const { ends } = behaviourOf(one);
    return one.stopped || (ends !== undefined && age(one) >= ends.afterMs) ? "exited" : "running";
  };
  const isUp = (one: FakeContainer): boolean =>
    stateOf(one) === "running" && age(one) >= (behaviourOf(one).bootMs ?? 100);
  const factsOf = (one: FakeContainer): Replica => {
    const state = stateOf(one);
    const { ends, health } = behaviourOf(one);
    const number = Number(one.id);
    return {
      id: one.id,
      name: one.name,
      service: one.plan.labels[label.service] ?? "",
      release: Number(one.plan.labels[label.release]),
      process: processOf(one),
      replica: Number(one.plan.labels[label.replica]),
      state: ({ created: "waiting", running: "running", exited: "ended" } as const)[state],
      exitCode: state === "exited" ? (ends?.exitCode ?? 143) : 0,
      oomKilled: state === "exited" && ends?.oomKilled === true,
      error: state === "exited" ? (ends?.error ?? "") : "",
      health: health ?? undefined,
      address: state === "running" ? `172.30.0.${number + 10}` : undefined,
      startedAt: one.startedAt ?? 0,
    };
  };
  const need = (id: string): FakeContainer => {
    const one = all.get(id);
    if (one === undefined) throw new Error(`container ${id} is gone`);
    return one;
  };
  const listening = (one: FakeContainer) =>
    isUp(one) ? (behaviourOf(one).listens ?? [{ address: "0.0.0.0", port: 3000 }]) : [];

  const find = (idOrName: string): FakeContainer | undefined =>
    all.get(idOrName) ?? [...all.values()].find(({ name }) => name === idOrName);

  /** What the kernel says of the network of a container. */
  const socketsIn = (container: string): readonly KernelSocket[] => {
    const one = find(container);
    const isRunning = one !== undefined && stateOf(one) === "running";
    const own = isRunning ? listening(one).map(listeningSocket) : [];
    const opened = [...all.values()].flatMap((to) => {
      const { busyMs = 0, busyFrom = traefikContainerName(instanceOf(to)) } = behaviourOf(to);
      const { address } = factsOf(to);
      return busyFrom === container && address !== undefined && age(to) < busyMs
        ? [openSocket(address)]
        : [];
    });
    return [...own, ...opened];
  };

  const containers: Containers = {
    create: async (plan) => {
      serial += 1;
      const id = String(serial);
      all.set(id, { id, plan, name: plan.name, startedAt: undefined, stopped: false });
      did(`create ${plan.name}${plan.aliases.length > 0 ? ` as ${plan.aliases.join()}` : ""}`);
      return id;
    },
    ensureNameFree: async (name, service) => {
      const holder = [...all.values()].find((one) => one.name === name);
      if (holder !== undefined && factsOf(holder).service !== service)
        throw new UserError(`container name "${name}": taken by "${factsOf(holder).service}"`);
    },
    start: async (id) => {
      const one = need(id);
      one.startedAt = clock.now();
      one.stopped = false;
      did(`start ${one.name}`);
    },
    stop: async (id) => {
      const one = all.get(id);
      if (one === undefined || stateOf(one) !== "running") return;
      one.stopped = true;
      did(`stop ${one.name}`);
    },
    remove: async (id) => {
      const one = all.get(id);
      if (one === undefined) return;
      if (kept.has(one.name)) throw new Error("device or resource busy");
      all.delete(id);
      did(`remove ${one.name}`);
    },
    rename: async (id, name) => {
      const one = need(id);
      if (one.name === name) return;
      if ([...all.values()].some((other) => other.name === name)) throw new Error(`${name} exists`);
      did(`rename ${one.name} to ${name}`);
      one.name = name;
    },
    runToEnd: async (id, { onLine, signal }) => {
      const one = need(id);
      const { lines = [], ms = 100, exitCode = 0 } = behaviourOf(one).command ?? {};
      did(`run ${one.name}: ${one.plan.command?.join(" ")}`);
      one.startedAt = clock.now();
      for (const line of lines) onLine(line);
      await clock.sleep(ms, signal).catch(() => undefined);
      one.stopped = true;
      return { exitCode, oomKilled: false, error: "" };
    },
    aliasStopped: async (id, alias) => {
      if (stateOf(need(id)) !== "running") did(`alias ${need(id).name} ${alias}`);
    },
    setRestartPolicy: async (id, policy) => did(`restart ${need(id).name} ${policy}`),
    inspect: async (id) => {
      const one = find(id);
      return one && factsOf(one);
    },
    list: async (service) =>
      [...all.values()].map(factsOf).filter((facts) => facts.service === service),
    lastLogLines: async (id, lines) => (behaviourOf(need(id)).logs ?? []).slice(-lines),
    socketsOf: async (container) => socketsIn(container),
  };

  const answer = (one: FakeContainer | undefined, port: number, http: boolean): ProbeAnswer => {
    const open = one && listening(one).some((at) => at.port === port && at.address === "0.0.0.0");
    if (one === undefined || open !== true) return { kind: "refused" };
    const { status = 200 } = behaviourOf(one);
    return http && status >= 400 ? { kind: "status", status } : { kind: "ready" };
  };

  const engineOver = (wrapped: Containers): Engine => ({
    ...createReleases(wrapped),
    ...createReplicaInspector(wrapped, "mypaas"),
    ...createServiceNames(wrapped),
    probe: async ({ address, port, http }) =>
      answer(
        [...all.values()].find((one) => factsOf(one).address === address),
        port,
        http !== undefined,
      ),
    inspectImage: async (reference) => ({
      id: reference,
      exposed: [],
      hasHealthcheck: false,
      hasLauncher: false,
      user: "",
      volumes: [],
      routingLabels: options.imageLabels ?? [],
    }),
    imageUser: async () => ({ uid: 0, gid: 0 }),
    load: async ({ reference }) => {
      throw new Error(`image ${reference}: this engine loads none`);
    },
    builtImages: async () => [],
    removeImage: async () => {},
    hasVolume: async () => false,
    anonymousVolumes: async () => [],
    ensureVolume: async (name) => did(`volume ${name}`),
    removeOneOffs: async (service) => did(`remove one-offs of ${service}`),
    listVolumes: async () => [],
    removeVolume: async (name) => did(`remove volume ${name}`),
  });

  return {
    engine: engineOver(containers),
    containers,
    engineOver,
    states: () => [...all.values()].map((one) => `${one.name} ${stateOf(one)}`),
    keep: (name) => kept.add(name),
    lose: (name) => {
      for (const [id, one] of all) if (one.name === name) all.delete(id);
    },
    isReady: (release) => {
      const ours = [...all.values()].filter(
        (one) => factsOf(one).release === release && processOf(one) === "web",
      );
      return ours.length > 0 && ours.every(isUp);
    },
  };
}

const instanceOf = ({ plan }: FakeContainer): string => plan.labels[label.instance] ?? "";

const listeningSocket = ({ address, port }: Place): KernelSocket => ({
  state: "listening",
  localAddress: address,
  localPort: port,
  remoteAddress: "0.0.0.0",
  remotePort: 0,
  inode: "1",
});

const openSocket = (address: string): KernelSocket => ({
  state: "established",
  localAddress: "172.30.0.2",
  localPort: 40_000,
  remoteAddress: address,
  remotePort: 3000,
  inode: "2",
});

interface Place {
  readonly address: string;
  readonly port: number;
}
