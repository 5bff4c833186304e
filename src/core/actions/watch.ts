import { action, jobLog, stream } from "./definition.ts";
import { boolean, optional, processName, wholeUpTo } from "./fields.ts";

const maxLines = 10_000;
const maxSinceMs = 100 * 365 * 86_400_000;
const common = {
  byGrant: "read",
  becomes: stream(),
  repeat: "once",
  knownNames: "unchanged",
} as const;

/** What can be watched: logs and the state of services. */
export const watch = {
  logs: action({
    scope: "service",
    fields: {
      /** Of the newest lines of all replicas together; all without. */
      lines: optional(wholeUpTo(maxLines)),
      /** Nothing older than so many milliseconds before the request was accepted. */
      sinceMs: optional(wholeUpTo(maxSinceMs)),
      release: optional(wholeUpTo(1e9)),
      replica: optional(wholeUpTo(1e6)),
      /** Without it of all; a replica is one of `web` then. */
      process: optional(processName),
      /** Goes on with new lines, across releases, until the reader leaves. */
      follow: boolean,
    },
    right: "logs",
    ...common,
  }),
  ps: action({
    scope: "optional service",
    fields: { watch: boolean },
    right: "any key",
    ...common,
  }),
  /** The log of a job, or of the newest one of a service. */
  "job.log": action({
    scope: "job",
    byGrant: "read",
    fields: {},
    right: "logs",
    becomes: jobLog(),
    repeat: "once",
  }),
} as const;

/** What runs at one moment: one line of the stream of `ps`. */
export interface PsSnapshot {
  readonly kind: "services";
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** By name. */
  readonly services: readonly PsService[];
}

export interface PsService {
  readonly service: string;
  /** The release that is live or was last; left out while there is none. */
  readonly release?: number;
  /** What the server calls it, such as `live` or `stopped`; `none` without a release. */
  readonly state: string;
  /** URLs. */
  readonly routes: readonly string[];
  /** How many replicas there should be, of all processes together. */
  readonly wanted: number;
  /** Its processes beside `web`; left out where there are none. */
  readonly processes?: readonly PsProcess[];
  /** Set while `mypaas scale` stands above what the Dockerfile says. */
  readonly scaledByCommand?: { readonly written: string; readonly replicas: number };
  readonly replicas: readonly PsReplica[];
  /** Set while its routes answer 503 with a page; `since` in milliseconds since the epoch. */
  readonly maintenance?: { readonly since: number; readonly text: string };
  /** The newest job of the service. */
  readonly job?: PsJob;
}

export interface PsProcess {
  readonly process: string;
  readonly wanted: number;
  /** As with the service. */
  readonly scaledByCommand?: PsService["scaledByCommand"];
}

export interface PsReplica {
  /** Left out for `web`. */
  readonly process?: string;
  readonly replica: number;
  readonly release: number;
  /** Docker's word for its state, or `crashing` while it ends again and again. */
  readonly state: string;
  /** Set where the image has a health check of its own. */
  readonly health?: string;
  /** How often it ended by itself and was started again. */
  readonly restarts: number;
  /** Of its last end, where it does not run. */
  readonly exitCode?: number;
  /** Milliseconds since it started, while it runs. */
  readonly upMs?: number;
  /** Of one core: 1.5 is one and a half. */
  readonly cpu?: number;
  readonly memoryBytes?: number;
  /** Only where the service has one of its own. */
  readonly memoryLimit?: number;
}

export interface PsJob {
  readonly job: number;
  readonly action: string;
  readonly state: string;
  /** Milliseconds since the epoch: when it ended, or began while it has not. */
  readonly at: number;
}
