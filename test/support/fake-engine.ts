import type { ContainerPlan } from "../../src/core/release/container.ts";
import { UserError } from "../../src/core/errors.ts";
import { label } from "../../src/core/release/names.ts";
import type {
  Clock,
  Connections,
  ContainerFacts,
  Engine,
  Probe,
  TcpSocket,
} from "../../src/deploy/ports.ts";
import type { ProbeAnswer } from "../../src/deploy/ports.ts";

/** What the program in a container does, by virtual time since its start. */
export interface Behaviour {
  readonly bootMs?: number;
  /** Where it listens once booted; 0.0.0.0:3000 when left out. */
  readonly listens?: readonly { readonly address: string; readonly port: number }[];
  /** Status of the health path; 200 when left out. */
  readonly status?: number;
  readonly health?: ContainerFacts["health"];
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
  /** Whose connections these are; Traefik's when left out. */
  readonly busyFrom?: string;
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
  readonly probe: Probe;
  readonly connections: Connections;
  /** Name and state of what there is. */
  readonly containers: () => readonly string[];
  readonly isReady: (release: number) => boolean;
  readonly keep: (name: string) => void;
  readonly lose: (name: string) => void;
}

export const traefikAddress = "172.30.0.2";

/** Docker with the programs in its containers, in memory; `did` hears of every change. */
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

  const behaviourOf = (one: FakeContainer): Behaviour =>
    behaviours[Number(one.plan.labels[label.release])] ?? {};
  const age = (one: FakeContainer): number => clock.now() - (one.startedAt ?? clock.now());
  const stateOf = (one: FakeContainer): "created" | "running" | "exited" => {
    if (one.startedAt === undefined) return "created";
    const { ends } = behaviourOf(one);
    return one.stopped || (ends !== undefined && age(one) >= ends.afterMs) ? "exited" : "running";
  };
  const isUp = (one: FakeContainer): boolean =>
    stateOf(one) === "running" && age(one) >= (behaviourOf(one).bootMs ?? 100);
  const factsOf = (one: FakeContainer): ContainerFacts => {
    const state = stateOf(one);
    const { ends, health } = behaviourOf(one);
    const number = Number(one.id);
    return {
      id: one.id,
      name: one.name,
      service: one.plan.labels[label.service] ?? "",
      release: Number(one.plan.labels[label.release]),
      replica: Number(one.plan.labels[label.replica]),
      state,
      exitCode: state === "exited" ? (ends?.exitCode ?? 143) : 0,
      oomKilled: state === "exited" && ends?.oomKilled === true,
      error: state === "exited" ? (ends?.error ?? "") : "",
      health: health ?? undefined,
      pid: state === "running" ? number : 0,
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

  const engine: Engine = {
    inspectImage: async (reference) => ({
      id: reference,
      exposed: [],
      hasHealthcheck: false,
      user: "",
      routingLabels: options.imageLabels ?? [],
    }),
    createContainer: async (plan) => {
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
    startContainer: async (id) => {
      const one = need(id);
      one.startedAt = clock.now();
      one.stopped = false;
      did(`start ${one.name}`);
    },
    stopContainer: async (id) => {
      const one = all.get(id);
      if (one === undefined || stateOf(one) !== "running") return;
      one.stopped = true;
      did(`stop ${one.name}`);
    },
    removeContainer: async (id) => {
      const one = all.get(id);
      if (one === undefined) return;
      if (kept.has(one.name)) throw new Error("device or resource busy");
      all.delete(id);
      did(`remove ${one.name}`);
    },
    renameContainer: async (id, name) => {
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
    inspectContainer: async (id) => {
      const one = all.get(id) ?? [...all.values()].find(({ name }) => name === id);
      return one && factsOf(one);
    },
    listContainers: async (service) =>
      [...all.values()].map(factsOf).filter((facts) => facts.service === service),
    lastLogLines: async (id, lines) => (behaviourOf(need(id)).logs ?? []).slice(-lines),
    removeImage: async () => {},
    ensureVolume: async (name) => did(`volume ${name}`),
    removeOneOffs: async (service) => did(`remove one-offs of ${service}`),
    listVolumes: async () => [],
    removeVolume: async (name) => did(`remove volume ${name}`),
  };

  const answer = (one: FakeContainer | undefined, port: number, http: boolean): ProbeAnswer => {
    const open = one && listening(one).some((at) => at.port === port && at.address === "0.0.0.0");
    if (one === undefined || open !== true) return { kind: "refused" };
    const { status = 200 } = behaviourOf(one);
    return http && status >= 400 ? { kind: "status", status } : { kind: "ready" };
  };

  return {
    engine,
    probe: {
      ask: async ({ address, port, http }) =>
        answer(
          [...all.values()].find((one) => factsOf(one).address === address),
          port,
          http !== undefined,
        ),
    },
    connections: {
      socketsOf: async (pid) => {
        const one = all.get(String(pid));
        if (one === undefined || stateOf(one) !== "running") return undefined;
        const { busyMs = 0, busyFrom = traefikAddress } = behaviourOf(one);
        const open: TcpSocket = {
          state: "established",
          localAddress: "172.30.0.10",
          localPort: 3000,
          remoteAddress: busyFrom,
        };
        return [
          ...listening(one).map(({ address, port }): TcpSocket => {
            return {
              state: "listening",
              localAddress: address,
              localPort: port,
              remoteAddress: "",
            };
          }),
          ...(age(one) < busyMs ? [open] : []),
        ];
      },
    },
    containers: () => [...all.values()].map((one) => `${one.name} ${stateOf(one)}`),
    keep: (name) => kept.add(name),
    lose: (name) => {
      for (const [id, one] of all) if (one.name === name) all.delete(id);
    },
    isReady: (release) => {
      const ours = [...all.values()].filter((one) => factsOf(one).release === release);
      return ours.length > 0 && ours.every(isUp);
    },
  };
}
