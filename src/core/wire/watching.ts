import { UserError } from "../errors.ts";

/** What to show of what a service prints. */
export interface LogsAsked {
  /** Goes on with what comes, across releases, until the reader leaves. */
  readonly follow: boolean;
  /** So many of the newest lines of all replicas together; all without. */
  readonly lines?: number;
  /** Nothing older than so many milliseconds before the request was accepted. */
  readonly sinceMs?: number;
  readonly release?: number;
  readonly replica?: number;
}

/** Actions that are answered by a stream. */
export type WatchAction =
  | ({ readonly action: "logs"; readonly service: string } & LogsAsked)
  | { readonly action: "ps"; readonly service?: string; readonly watch: boolean };

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
  /** How many replicas there should be. */
  readonly wanted: number;
  /** Set while `mypaas scale` stands above what the Dockerfile says. */
  readonly scaledByCommand?: { readonly written: string; readonly replicas: number };
  readonly replicas: readonly PsReplica[];
  /** The newest job of the service. */
  readonly job?: PsJob;
}

export interface PsReplica {
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

const most = {
  lines: 10_000,
  sinceMs: 100 * 365 * 86_400_000,
  release: 1e9,
  replica: 1e6,
} as const;

/** Reads what was asked of logs; throws UserError "bad-request". */
export function readLogsAsked(value: Readonly<Record<string, unknown>>): LogsAsked {
  const asked: Record<string, number> = {};
  for (const [name, max] of Object.entries(most)) {
    const item = value[name];
    if (item === undefined) continue;
    if (typeof item !== "number" || !Number.isSafeInteger(item) || item < 0 || item > max)
      throw new UserError(
        `request: ${name}: should be a whole number up to ${max}, got ${JSON.stringify(item)?.slice(0, 40)}`,
        { code: "bad-request" },
      );
    asked[name] = item;
  }
  return { follow: value["follow"] === true, ...asked };
}
