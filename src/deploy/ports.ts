import type { PushOptions } from "../core/actions/push.ts";
import type { ContainerPlan } from "../core/release/container.ts";
import type { KernelSocket } from "../core/server/proc-net.ts";
import type { RoutingChange } from "../core/routing/routing-change.ts";
import type { Answers } from "../core/routing/metrics.ts";
import type { Expected } from "../core/routing/traefik-snapshot.ts";

/** What a switch needs of Docker; one adapter and one fake implement it. Every call may be repeated safely. */
export interface Engine {
  /** Undefined when there is no such image. */
  readonly inspectImage: (reference: string) => Promise<ImageFacts | undefined>;
  /** Creates without starting; an identical container of ours with that name is replaced. Returns its id. */
  readonly createContainer: (plan: ContainerPlan) => Promise<string>;
  /** Throws UserError when a container of anything but `service` has the name. */
  readonly ensureNameFree: (name: string, service: string) => Promise<void>;
  readonly startContainer: (id: string) => Promise<void>;
  /** SIGTERM, then SIGKILL after `timeoutMs`; fine when it is not running. */
  readonly stopContainer: (id: string, timeoutMs: number) => Promise<void>;
  /** Kills and removes; fine when it is gone. */
  readonly removeContainer: (id: string) => Promise<void>;
  readonly renameContainer: (id: string, name: string) => Promise<void>;
  /** Lets others find a container that is stopped under one more name from its next start on; nothing happens to one that runs. */
  readonly aliasStopped: (id: string, alias: string) => Promise<void>;
  readonly setRestartPolicy: (id: string, policy: "no" | "unless-stopped") => Promise<void>;
  /** Starts a container whose program ends by itself; returns when it has. */
  readonly runToEnd: (
    id: string,
    run: { readonly onLine: (text: string) => void; readonly signal: AbortSignal },
  ) => Promise<ProgramEnd>;
  /** Undefined when it is gone. */
  readonly inspectContainer: (id: string) => Promise<ContainerFacts | undefined>;
  /** Containers of one service, running or not, newest release first. */
  readonly listContainers: (service: string) => Promise<readonly ContainerFacts[]>;
  /** The last lines of stdout and stderr together, in order, without terminal controls. */
  readonly lastLogLines: (id: string, lines: number) => Promise<readonly string[]>;
  readonly removeImage: (reference: string) => Promise<void>;
  readonly ensureVolume: (name: string, service: string) => Promise<void>;
  /** Names of the volumes of one service, sorted. */
  /** Kills and removes what runs by hand of a service; see `mypaas run`. */
  readonly removeOneOffs: (service: string) => Promise<void>;
  readonly listVolumes: (service: string) => Promise<readonly string[]>;
  /** With all that is in it; fine when it is gone. */
  readonly removeVolume: (name: string) => Promise<void>;
}

export interface ImageFacts {
  readonly id: string;
  /** TCP ports of EXPOSE, ascending. */
  readonly exposed: readonly number[];
  readonly hasHealthcheck: boolean;
  /** `USER` as written. */
  readonly user: string;
  /** Keys of its labels that Traefik would take for routing. */
  readonly routingLabels: readonly string[];
}

export interface ContainerFacts {
  readonly id: string;
  readonly name: string;
  readonly service: string;
  readonly release: number;
  readonly replica: number;
  readonly state: "created" | "running" | "restarting" | "exited" | "dead" | "paused" | "removing";
  readonly exitCode: number;
  readonly oomKilled: boolean;
  /** Text of a start error, such as `exec format error`; empty when none. */
  readonly error: string;
  /** Undefined when the image has no HEALTHCHECK. */
  readonly health: "starting" | "healthy" | "unhealthy" | undefined;
  /** The last line that HEALTHCHECK printed, maybe empty; left out while it has not run. */
  readonly healthOutput?: string;
  readonly pid: number;
  /** Address on the instance's network; undefined while not running. */
  readonly address: string | undefined;
  readonly startedAt: number;
}

export type ProgramEnd = Pick<ContainerFacts, "exitCode" | "oomKilled" | "error">;

/** Builds an image out of blobs; the context is streamed, nothing is unpacked. */
export interface Builder {
  /** Throws UserError with the failing step and its output as details. */
  readonly build: (input: BuildInput) => Promise<ImageFacts>;
}

export interface BuildInput {
  readonly service: string;
  readonly dockerfile: string;
  readonly context: readonly ContextEntry[];
  /** The reference that the image gets. */
  readonly tag: string;
  readonly target: string | undefined;
  readonly buildArgs: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly options: PushOptions;
  /** One line of the build's own output, without terminal controls. */
  readonly onLine: (text: string) => void;
  readonly signal: AbortSignal;
}

/** `open` yields the bytes of a blob and throws when they no longer match their hash. */
export type ContextEntry =
  | {
      readonly path: string;
      readonly mode: number;
      readonly size: number;
      readonly open: () => AsyncIterable<Uint8Array>;
    }
  | { readonly path: string; readonly link: string };

/** What a switch needs of Traefik. */
export interface Router {
  /** Writes the dynamic file of the state given, atomically; all switches of all services go through this one writer. */
  readonly apply: (change: RoutingChange) => Promise<void>;
  /** Waits until Traefik's API shows what the last `apply` and the running containers mean; nudges a lost update; throws UserError after `timeoutMs`. */
  readonly confirm: (expected: Expected, timeoutMs: number, signal?: AbortSignal) => Promise<void>;
  /** Asks for one route as a client would and returns the release header of who answered, undefined when nobody did. */
  readonly whoAnswers: (route: {
    host: string;
    path: string;
    https: boolean;
  }) => Promise<string | undefined>;
  /** Addresses of Traefik inside the instance's network, to recognise its connections. */
  readonly addresses: () => Promise<readonly string[]>;
}

/** Counts what clients are answered, whoever else counts at the same time. */
export interface Meter {
  /** Returns once the reading is there from which it counts, or could not be had. */
  readonly begin: () => Promise<Metering>;
}

export interface Metering {
  /** What was answered so far, by router; undefined when it could not be counted from the beginning to now. Never rejects. */
  readonly read: () => Promise<ReadonlyMap<string, Answers> | undefined>;
  /** Must be called once nobody wants to read any more. */
  readonly end: () => void;
}

/** Steps are written before (`intent`) and after (`outcome`) their effect, durable when the call returns. */
export interface Journal {
  readonly intent: (step: string, data: unknown) => void;
  readonly outcome: (step: string, data: unknown) => void;
}

export interface Clock {
  readonly now: () => number;
  /** Rejects with the signal's reason when aborted. */
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
}

/** Asks one replica directly, once. */
export interface Probe {
  readonly ask: (target: ProbeTarget) => Promise<ProbeAnswer>;
}

export interface ProbeTarget {
  readonly address: string;
  readonly port: number;
  /** Undefined: a TCP connection is enough. */
  readonly http: { readonly path: string; readonly host: string } | undefined;
  readonly timeoutMs: number;
}

/** `unreachable` also covers a connection that was closed without an answer. */
export type ProbeAnswer =
  | { readonly kind: "ready" }
  | { readonly kind: "refused" }
  | { readonly kind: "slow" }
  | { readonly kind: "unreachable"; readonly reason: string }
  | { readonly kind: "status"; readonly status: number };

/** TCP sockets as the kernel lists them inside a container. */
export interface Connections {
  /** Sockets in the network namespace of a process; undefined when the process is gone. */
  readonly socketsOf: (pid: number) => Promise<readonly TcpSocket[] | undefined>;
}

export type TcpSocket = Omit<KernelSocket, "inode">;
