import type { Done, Point } from "../metrics/point.ts";
import { action, answer } from "./definition.ts";
import { optional, wholeNumber } from "./fields.ts";

/** What services do, and what they use. */
export const usage = {
  /** Requests, answer times, CPU and memory of one service, or of all that the key may see. */
  metrics: action({
    scope: "optional service",
    byGrant: "read",
    fields: {
      /** Milliseconds since the epoch, 30 days ago at most. */
      from: optional(wholeNumber),
      /** The same as a time before now, by the server's clock; an hour without either. */
      sinceMs: optional(wholeNumber),
      /** Seconds between two points, at least; the server takes longer ones where it kept no finer ones, or where there would be too many. */
      step: optional(wholeNumber),
    },
    right: "any key",
    becomes: answer<MetricsAnswer>(),
    repeat: "safe",
    knownNames: "unchanged",
  }),
  /** Who fills the disk. A key that is limited to services sees theirs only. The answer may be a minute old. */
  disk: action({
    scope: "server",
    byGrant: "read",
    fields: {},
    right: "any key",
    becomes: answer<DiskUsage>(),
    repeat: "safe",
  }),
} as const;

export interface MetricsAnswer {
  /** Seconds between two points. */
  readonly step: number;
  /** Milliseconds since the epoch: when the first and the last span begin. */
  readonly from: number;
  readonly to: number;
  /** The server's clock, milliseconds since the epoch: where the last span ends so far. */
  readonly now: number;
  /** Upper ends of the classes of answer times, in milliseconds. */
  readonly bucketsMs: readonly number[];
  /** By name. */
  readonly services: readonly ServiceMetrics[];
}

export interface ServiceMetrics {
  readonly service: string;
  /** By time; spans in which nothing ran and nothing was asked are left out, and so are those in which the worker did not run. */
  readonly points: readonly Point[];
  readonly totals: Totals;
}

/** Sums since the worker started, and what runs and is used now: what Prometheus wants. */
export interface Totals extends Done {
  readonly replicas: number;
}

/** Bytes on the disks of the server. */
export interface DiskUsage {
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** By owner and kind; services first, by name. */
  readonly owners: readonly DiskOwner[];
  /** Of the disk with Docker's files. */
  readonly total: number;
  /** What programs without root rights may still fill. */
  readonly free: number;
  /** Of the disk with the state of mypaas; left out where it is the same one. */
  readonly state?: { readonly total: number; readonly free: number };
}

export interface DiskOwner {
  /** Name of the service that has it alone, or the word of `whose`. */
  readonly owner: string;
  /** `shared`: of several images or services; `mypaas`: its own; `others`: on the same engine, and not of this instance. */
  readonly whose: "service" | "shared" | "mypaas" | "others";
  readonly kind: DiskKind;
  readonly bytes: number;
}

/** `containers`: what programs wrote outside of volumes; `logs`: of containers; `cache`: of builds; `blobs`: files of pushes; `state`: all else that mypaas keeps. */
export type DiskKind = "images" | "containers" | "volumes" | "logs" | "cache" | "blobs" | "state";
