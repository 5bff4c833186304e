import type { ProgramFacts } from "../core/image/image-config.ts";
import type { Release } from "../core/release/release.ts";
import type { Owner } from "../core/release/image-user.ts";
import type { RoutingServer } from "../core/routing/release-routing.ts";
import type { RoutingChange } from "../core/routing/routing-change.ts";
import type { Answers } from "../core/routing/metrics.ts";
import type { Expected } from "../core/routing/traefik-snapshot.ts";

/** What runs the releases of services: one adapter for each engine. Every call may be repeated safely. */
export interface Engine extends Releases, Replicas, Names, Images, Volumes {}

/** Releases as a whole, with all their processes. */
export interface Releases {
  /** Creates and starts every replica; throws the signal's reason when it is aborted before all are created. */
  readonly start: (
    release: Release,
    options: { readonly server: RoutingServer; readonly signal: AbortSignal },
  ) => Promise<void>;
  /** Asks every replica to end, and kills it after the stop timeout of the release. */
  readonly stop: (release: Release) => Promise<void>;
  /** Starts the replicas that have stopped. */
  readonly startAgain: (release: Release) => Promise<void>;
  /** From now on the engine starts a replica again when it ends, also after a reboot. */
  readonly keepRunning: (release: Release) => Promise<void>;
  /** Removes everything of a release; with `graceMs` its replicas are asked to end first. Tries all of it, then throws the first error. */
  readonly remove: (release: ReleaseId, graceMs?: number) => Promise<void>;
  /** Numbers of the releases of a service that the engine still has anything of. */
  readonly releases: (service: string) => Promise<readonly number[]>;
  /** Runs the release command of a release in its image until it ends, and leaves nothing of it. */
  readonly runCommand: (
    release: Release,
    run: { readonly onLine: (text: string) => void; readonly signal: AbortSignal },
  ) => Promise<ProgramEnd>;
  /** Kills and removes the one-off programs of a service; see `mypaas run`. */
  readonly removeOneOffs: (service: string) => Promise<void>;
}

export interface ReleaseId {
  readonly service: string;
  readonly number: number;
}

/** Single replicas, and the connections to them. */
export interface Replicas {
  /** Replicas of one service, running or not, newest release first. */
  readonly replicas: (service: string) => Promise<readonly Replica[]>;
  /** A replica as it is now; undefined when it is gone. */
  readonly replica: (id: string) => Promise<Replica | undefined>;
  /** The last lines of stdout and stderr together, in order, without terminal controls. */
  readonly lastLogLines: (id: string, lines: number) => Promise<readonly string[]>;
  /** The places on which a replica waits for connections, lowest port first; none when it does not run. */
  readonly listeners: (id: string) => Promise<readonly Listener[]>;
  /** Asks one replica directly, once. Never throws. */
  readonly probe: (target: ProbeTarget) => Promise<ProbeAnswer>;
  /** How many connections Traefik has to each of these addresses now; none while Traefik does not run. */
  readonly openConnections: (addresses: readonly Address[]) => Promise<readonly number[]>;
}

/** Names by which services, and requests that wait, find a release. */
export interface Names {
  /** Throws UserError when something that is not of this service has its name. */
  readonly refuseTakenName: (release: Release) => Promise<void>;
  /** Gives the service's own name to this release; a name that was lent ends with it. */
  readonly giveName: (release: Release) => Promise<void>;
  /** Lends a release that is ready the name that waiting requests dial: `next` for the new one, `back` for the old one. */
  readonly lendName: (release: Release, name: "next" | "back") => Promise<void>;
  /** Lets other services find a stopped release under the service's name while another name is lent to it. */
  readonly keepNameWhileLent: (release: Release) => Promise<void>;
}

export interface Images {
  /** Undefined when there is no such image. */
  readonly inspectImage: (reference: string) => Promise<ImageFacts | undefined>;
  /** The user that its programs run as, read in the image where `user` is a name; undefined when the image does not know it. */
  readonly imageUser: (reference: string, user: string) => Promise<Owner | undefined>;
  /** Takes an image in under this reference, and under no other name. Throws UserError where the engine cannot run it, or where it is not the image that its config names. */
  readonly load: (image: SentImage) => Promise<ImageFacts>;
  /** References of the images that were built for a service, also by a worker that ended before it wrote them down. */
  readonly builtImages: (service: string) => Promise<readonly string[]>;
  /** Fine when it is gone or still in use. */
  readonly removeImage: (reference: string) => Promise<void>;
}

/** An image in parts that were sent. */
export interface SentImage {
  readonly reference: string;
  readonly config: ImagePart;
  /** From the first layer up: tars as they were packed, with or without compression. */
  readonly layers: readonly ImagePart[];
  readonly signal: AbortSignal;
}

/** `open` yields the bytes and throws when they no longer match their hash. */
export interface ImagePart {
  readonly sha256: string;
  readonly size: number;
  readonly open: () => AsyncIterable<Uint8Array>;
}

export interface Volumes {
  readonly hasVolume: (name: string) => Promise<boolean>;
  /** Makes a volume that is not there yet; one with `made` gets what the image has at its target, and belongs to the owner where that is nothing. */
  readonly ensureVolume: (name: string, service: string, made?: MadeVolume) => Promise<void>;
  /** Names of the volumes of one service, sorted. */
  readonly listVolumes: (service: string) => Promise<readonly string[]>;
  /** Those that replicas of earlier versions of mypaas have. */
  readonly anonymousVolumes: (service: string) => Promise<readonly AnonymousVolume[]>;
  /** With all that is in it; fine when it is gone. */
  readonly removeVolume: (name: string) => Promise<void>;
}

export interface MadeVolume {
  readonly image: string;
  readonly target: string;
  readonly owner: Owner;
}

/** A volume that the engine made by itself for one replica, because the image declares it. */
export interface AnonymousVolume extends Pick<Replica, "service" | "release" | "replica"> {
  readonly target: string;
  readonly name: string;
}

export interface ImageFacts extends Omit<ProgramFacts, "entrypoint"> {
  readonly id: string;
  /** True for an image that buildpacks made: its launcher starts all that runs in it. */
  readonly hasLauncher: boolean;
  /** Keys of its labels that Traefik would take for routing. */
  readonly routingLabels: readonly string[];
}

/** One replica of a release as the engine sees it. */
export interface Replica {
  /** Means something to the engine only. */
  readonly id: string;
  /** The name that people see. */
  readonly name: string;
  readonly service: string;
  readonly release: number;
  /** `web`, or another process of its release. */
  readonly process: string;
  /** Counts from 1 in each process. */
  readonly replica: number;
  /** `waiting`: not started yet, paused or about to start again; `ended`: it stays so unless it is started. */
  readonly state: "waiting" | "running" | "ended";
  readonly exitCode: number;
  readonly oomKilled: boolean;
  /** Text of a start error, such as `exec format error`; empty when none. */
  readonly error: string;
  /** Undefined when the image has no HEALTHCHECK. */
  readonly health: "starting" | "healthy" | "unhealthy" | undefined;
  /** The last line that HEALTHCHECK printed, maybe empty; left out while it has not run. */
  readonly healthOutput?: string;
  /** The words of its program, ENTRYPOINT and CMD together; left out where the engine does not say. */
  readonly program?: readonly string[];
  /** Where Traefik reaches it; undefined while it does not run. */
  readonly address: string | undefined;
  readonly startedAt: number;
}

/** A place to connect to. */
export interface Address {
  readonly address: string;
  readonly port: number;
}

/** A place on which a program waits for connections; `0.0.0.0` and `::` mean every address. */
export type Listener = Address;

export type ProgramEnd = Pick<Replica, "exitCode" | "oomKilled" | "error" | "program">;

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
  readonly options: BuildOptions;
  /** Left out where nothing may be asked for. */
  readonly secrets?: BuildSecrets;
  /** One line of the build's own output, without terminal controls. */
  readonly onLine: (text: string) => void;
  readonly signal: AbortSignal;
}

/** What the steps of a build may ask for by name; it gets into no image, history, log or argument. */
export interface BuildSecrets {
  readonly values: Readonly<Record<string, string>>;
  /** Set where a step may ask: results of steps are kept apart by it, from those of other services and other values. */
  readonly key: string | undefined;
}

export interface BuildOptions {
  /** Fetches newer base images. */
  readonly pull: boolean;
  readonly noCache: boolean;
}

/** `open` yields the bytes of a blob and throws when they no longer match their hash. */
export type ContextEntry =
  | {
      readonly path: string;
      readonly mode: number;
      readonly size: number;
      readonly open: () => AsyncIterable<Uint8Array>;
    }
  | { readonly path: string; readonly link: string }
  /** A folder, before what is in it; one that is not named has the mode 755. */
  | { readonly path: string; readonly folderMode: number };

/** What a switch needs of Traefik. */
export interface Router {
  /** Writes the dynamic file of the state given, atomically; all switches of all services go through this one writer. */
  readonly apply: (change: RoutingChange) => Promise<void>;
  /** Waits until Traefik's API shows what the last `apply` and the running containers mean; nudges a lost update; throws UserError after `timeoutMs`. */
  readonly confirm: (expected: Expected, timeoutMs: number, signal?: AbortSignal) => Promise<void>;
  /** Asks for one route as a client would; undefined without an answer of a release. */
  readonly answeringRelease: (route: AskedRoute) => Promise<RouteAnswer | undefined>;
}

/** A route, and how it is asked. */
export interface AskedRoute {
  readonly host: string;
  readonly path: string;
  readonly https: boolean;
  /** Without it HEAD, and GET where the app knows no HEAD. */
  readonly method?: "GET";
  /** The service whose maintenance, if there is one, must not answer. */
  readonly service?: string;
}

/** The answer on a route to a question of mypaas itself. */
export interface RouteAnswer {
  /** Its release header, such as `web/43`. */
  readonly release: string;
  readonly status: number;
  /** How many requests it took. */
  readonly asked: number;
}

/** Counts the answers that clients get; several counts may run at the same time. */
export interface Meter {
  /** Returns once the reading is there from which it counts, or could not be had. */
  readonly begin: () => Promise<Metering>;
}

export interface Metering {
  /** What was answered so far, by router, and the attempts of all waiting requests as `waitingDials` where Traefik counts them; undefined when it could not be counted from the beginning to now. Never rejects. */
  readonly read: () => Promise<ReadonlyMap<string, Answers> | undefined>;
  /** Must be called after the last reading. */
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

export interface ProbeTarget extends Address {
  /** Undefined: a TCP connection is enough. */
  readonly http: { readonly path: string; readonly host: string } | undefined;
  /** Without `http`, an h2c connection is enough once the replica has sent its settings. */
  readonly protocol: "http" | "h2c";
  readonly timeoutMs: number;
}

/** `unreachable` also covers a connection that was closed without an answer. */
export type ProbeAnswer =
  | { readonly kind: "ready" }
  | { readonly kind: "refused" }
  | { readonly kind: "slow" }
  | { readonly kind: "unreachable"; readonly reason: string }
  /** It takes connections and does not speak HTTP/2 without TLS. */
  | { readonly kind: "not-h2c" }
  | { readonly kind: "status"; readonly status: number }
  /** The answer of gRPC's health service: a status of the server, or a code of gRPC. */
  | { readonly kind: "grpc-status"; readonly status: string };
