import type { PushFrom } from "./push.ts";
import { maxReplicas } from "../release/spec.ts";
import { action, answer, job, jobLog } from "./definition.ts";
import { bad, list, optional, processName, text, wholeNumber, type Reader } from "./fields.ts";

const replicas: Reader<number> = (value, name) => {
  const count = wholeNumber(value, name);
  if (count <= maxReplicas) return count;
  throw bad(`replicas: should be at most ${maxReplicas}, got ${count}`);
};

const volume = text(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,254}$/, "not a name of a volume");

/** What most jobs of one service have in common. */
const common = {
  scope: "service",
  byGrant: "change",
  becomes: job(),
  repeat: "once",
  knownNames: "added",
} as const;

/** One that needs nothing but the name of its service. */
const change = action({ ...common, fields: {}, right: "manage" });

/** Jobs of a service whose image exists, and what can be asked about its releases. */
export const lifecycle = {
  /** Without a number: the release before the one that is live. */
  rollback: action({ ...common, fields: { release: optional(wholeNumber) }, right: "push" }),
  /** Without a process: of `web`, which needs at least one. */
  scale: action({
    ...common,
    fields: { replicas, process: optional(processName) },
    right: "manage",
  }),
  restart: change,
  stop: change,
  start: change,
  /** `volumes`: names of Docker volumes that are removed too; all others stay. */
  remove: action({
    ...common,
    fields: { volumes: list(volume) },
    right: "manage",
    knownNames: "removed",
  }),
  "remove.list": action({
    scope: "service",
    byGrant: "read",
    fields: {},
    right: "manage",
    becomes: answer<RemoveInfo>(),
    repeat: "safe",
    knownNames: "unchanged",
  }),
  /** Ends one job, also one of the server, or all of a service; shows the log of the job that it ends. */
  cancel: action({
    ...common,
    scope: "job",
    fields: {},
    right: "push",
    becomes: jobLog(),
    knownNames: "unchanged",
  }),
  /** Of one service, or of all that the key may see. */
  "release.list": action({
    scope: "optional service",
    byGrant: "read",
    fields: {},
    right: "any key",
    becomes: answer<{ readonly releases: readonly ReleaseInfo[] }>(),
    repeat: "safe",
    knownNames: (known, { service }, { releases }) => {
      const names = releases.map((release) => release.service);
      return service === undefined ? names : [...known, ...names];
    },
  }),
} as const;

/** What goes with a service, and what stays unless it is named. */
export interface RemoveInfo {
  readonly service: string;
  readonly routes: readonly string[];
  readonly containers: number;
  readonly images: number;
  readonly releases: number;
  /** Names of variables that were set on the server. */
  readonly env: readonly string[];
  /** Users with a password. */
  readonly users?: readonly string[];
  /** Docker volumes. */
  readonly volumes: readonly string[];
  /** Folders on the server, which always stay. */
  readonly folders: readonly string[];
}

export interface ReleaseInfo {
  readonly service: string;
  readonly release: number;
  readonly state: "building" | "starting" | "live" | "stopped" | "retired" | "failed";
  /** Milliseconds since the epoch. */
  readonly created: number;
  /** Name of the key that asked for it, its fingerprint where it has none, or `root`. */
  readonly by: string;
  /** Id of its image, `sha256:…`; empty when it never had one or it was removed. */
  readonly image: string;
  /** The release whose image and settings it repeats. */
  readonly repeats?: number;
  /** Names of the processes beside `web`; left out where there are none. */
  readonly processes?: readonly string[];
  /** Where its code came from, as far as the laptop said. */
  readonly from?: PushFrom;
  /** True where a rollback to it needs no build. */
  readonly canRollBack: boolean;
  /** Set once its switch has ended. */
  readonly receipt?: Receipt;
}

/** What a switch took: milliseconds to its cut-over and, where Traefik could be asked, requests meanwhile. */
export interface Receipt {
  readonly ms: number;
  readonly requests?: number;
  readonly failed?: number;
}
