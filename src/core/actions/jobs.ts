import type { Receipt } from "./lifecycle.ts";
import { action, answer } from "./definition.ts";
import { counted, optional, wholeUpTo } from "./fields.ts";

/** The most jobs of one answer, and how many there are without `limit`. */
export const listedJobs = { most: 200, usual: 50 } as const;

/** What is known of jobs beside their logs. */
export const jobs = {
  /** Of one service, or of all that the key may see; newest first. */
  "job.list": action({
    scope: "optional service",
    byGrant: "read",
    fields: {
      /** Only jobs with a smaller number: the last of the answer before. */
      before: optional(counted),
      limit: optional(wholeUpTo(listedJobs.most)),
    },
    right: "any key",
    becomes: answer<{ readonly jobs: readonly JobInfo[] }>(),
    repeat: "safe",
    knownNames: "unchanged",
  }),
  /** What a job did and how long each part took, of a job or of the newest one of a service. */
  "job.steps": action({
    scope: "job",
    byGrant: "read",
    fields: {},
    right: "logs",
    becomes: answer<JobSteps>(),
    repeat: "safe",
  }),
} as const;

/** Times are milliseconds since the epoch. */
export interface JobInfo {
  readonly job: number;
  /** What was asked for, such as `push` or `restart`. */
  readonly kind: string;
  /** Left out for a job of the server. */
  readonly service?: string;
  readonly state:
    | "queued"
    | "running"
    | "done"
    | "failed"
    | "cancelled"
    | "superseded"
    | "interrupted";
  /** Name of the key that asked for it, its fingerprint where it has none, or `root`. */
  readonly by: string;
  /** When it was accepted. */
  readonly at: number;
  /** Left out while it waits, and for jobs of earlier versions. */
  readonly startedAt?: number;
  /** Left out until it has ended. */
  readonly endedAt?: number;
  /** The release that it made; left out where it made none. */
  readonly release?: number;
  /** Of its switch, once that has ended. */
  readonly receipt?: Receipt;
  /** Why it did not do what it was asked to, in one sentence; only for keys that may read its log. */
  readonly failure?: string;
}

export interface JobSteps {
  readonly job: number;
  readonly steps: readonly JobStep[];
}

/** In the order in which they began. */
export interface JobStep {
  /** `queue`, `build` or `prepare` before the switch; then those of its journal, such as `hold`, `start`, `ready`, `cut-over` and `drain`. */
  readonly step: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** How long it took; left out while it goes on, and where the worker ended in the middle. */
  readonly ms?: number;
}
