import { action, answer } from "./definition.ts";

/** What services use. */
export const usage = {
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
