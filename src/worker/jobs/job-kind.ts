import type { Hint } from "../../core/hints.ts";
import type { DoneEvent } from "../../core/wire/event-roles.ts";
import type { LiveEvent, Say } from "../../core/wire/events.ts";
import type { JobAction } from "../../core/actions/actions.ts";
import type { Job } from "../../adapters/state/jobs.ts";
import type { State } from "../../adapters/state/state.ts";
import type { JobParts, JobRun } from "./job-run.ts";

export type JobName = JobAction["action"];

/** The action of one name. */
export type ActionOf<N extends JobName> = Extract<JobAction, { readonly action: N }>;

/** Everything that is special about the jobs of one action. */
export interface JobKind<A extends JobAction> {
  /** A job of the server has no service, and waits for no job of one. */
  readonly scope: "service" | "server";
  /** True where a new job holds all that an older one does; those that wait are then left out. */
  readonly supersedes: boolean;
  readonly words: JobWords<A>;
  /** Does the job and returns how it ended; throws, and then nothing changed. Its outcome may be said earlier, as `live` is. */
  perform(run: JobRun, action: A): Promise<DoneEvent>;
  readonly recovery: RecoveryKind;
  /** Left out where each request becomes a job, as it is. */
  readonly acceptance?: Acceptance<A>;
}

/** What errors say about a job. */
export interface JobWords<A extends JobAction> {
  /** The verb before the name of the service, such as `deploy`. */
  readonly verb: string;
  /** A hint with the command that asks for the same again. */
  again(action: A): Hint;
}

/** Recovery of a job after a crash of the worker. `repeat`: every part may run twice, so the job starts again. */
export type RecoveryKind = "repeat" | Recovery;

export interface Recovery {
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
export interface Acceptance<A extends JobAction> {
  /** Decides whether the request needs no job; the function that is returned does it at once and gives the answer. */
  withoutJob?(state: State, action: A): (() => unknown) | undefined;
  /** Writes what becomes true with the job, in the commit that adds it. */
  prepare?(state: State, job: number, action: A): void;
}

/** The service of a job of the server; no service has this name. */
export const noService = "";

/** The service of the job that an action becomes. */
export const serviceOf = (action: { readonly action: string; readonly service?: string }): string =>
  action.service ?? noService;
