import type { Hint } from "../../core/hints.ts";
import type { JobAction } from "../../core/actions/actions.ts";
import type { InstanceConfig } from "../../core/server/instance.ts";
import type { DoneEvent } from "../../core/wire/event-roles.ts";
import type { LiveEvent, Say } from "../../core/wire/events.ts";
import type { Caller } from "../../core/wire/permissions.ts";
import type { Clock } from "../../deploy/ports.ts";
import type { BlobStore } from "../../adapters/host/blob-store.ts";
import type { Job } from "../../adapters/state/jobs.ts";
import type { State } from "../../adapters/state/state.ts";
import type { Certificates } from "../certificates/certificates.ts";
import type { Fetcher } from "../links/fetch.ts";
import type { DeployTools } from "../deploy/deploy-context.ts";
import type { TraefikEventStream } from "./traefik-event-stream.ts";

/** Everything that is special about the jobs of one action. */
export interface JobKind<A extends JobAction> {
  /** A job of the server has no service, and waits for no job of one; `service` where it is left out. */
  readonly scope?: "service" | "server";
  /** True where a new job holds all that an older one does; those that wait are then left out. */
  readonly supersedes?: boolean;
  /** What errors say before the name of the service, such as `deploy`; left out where it is the name of the action. */
  readonly verb?: string;
  /** A hint with the command that asks for the same again; left out where that is the verb and the service. */
  again?(action: A): Hint;
  /** Does the job and returns how it ended; throws, and then nothing changed. Its outcome may be said earlier, as `live` is. */
  perform(run: JobRun, action: A): Promise<DoneEvent>;
  /** Recovery of a job after a crash of the worker. `repeat`: every part may run twice, so the job starts again. */
  readonly recovery: "repeat" | Recovery;
  /** Left out where each request becomes a job, as it is. */
  readonly acceptance?: Acceptance<A>;
}

interface Recovery {
  /** Finishes or undoes what the job did; may be repeated. */
  readonly resume: (parts: JobParts, job: Job, say: Say) => Promise<void>;
  /** How the job ended after that; undefined when it changed nothing. */
  readonly outcome: (parts: JobParts, job: Job) => Recovered | undefined;
}

/** The end of a job that a worker left in the middle, and that did what it was asked to. */
export interface Recovered {
  /** Undefined where the log of the job holds it. */
  readonly missingEvent: LiveEvent | undefined;
}

/** What happens between a request and its job. */
interface Acceptance<A extends JobAction> {
  /** True where the service may be a new one. */
  readonly isFirst?: boolean;
  /** False where the same request may mean something newer than the job that runs; it joins none then. */
  readonly joins?: boolean;
  /** Decides whether the request needs no job; the function that is returned does it at once and gives the answer. */
  withoutJob?(state: State, action: A): (() => unknown) | undefined;
  /** Writes what becomes true with the job, in the commit that adds it. */
  prepare?(state: State, job: number, action: A): void;
}

/** What jobs need of the worker. */
export interface JobParts {
  readonly state: State;
  readonly store: BlobStore;
  readonly config: InstanceConfig;
  readonly clock: Clock;
  readonly tools: () => Promise<DeployTools>;
  /** Reaches the repositories of links. */
  readonly fetcher: Pick<Fetcher, "fetch">;
  readonly certificates: Pick<Certificates, "requestEarly" | "report">;
  readonly traefikEvents: Pick<TraefikEventStream, "waitUntilSubscribed">;
}

/** One job that runs. */
export interface JobRun extends JobParts {
  readonly job: Job;
  /** What errors call it, such as `restart web`. */
  readonly title: string;
  /** Whose key asked for it. */
  readonly caller: Caller;
  readonly say: Say;
  /** Aborted when the job is asked to end. */
  readonly signal: AbortSignal;
}

/** The service of a job of the server; no service has this name. */
export const noService = "";

/** The service of the job that an action becomes. */
export const serviceOf = (action: { readonly action: string; readonly service?: string }): string =>
  action.service ?? noService;
