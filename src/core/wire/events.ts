import { type HintFields } from "../hints.ts";
import type { Receipt } from "../actions/lifecycle.ts";

/** Everything mypaas says while it works: the wire protocol, the `--json` output and the input of the renderers are this one union. */
export type Event =
  | { readonly kind: "step"; readonly text: string }
  | { readonly kind: "note"; readonly text: string }
  | WarningEvent
  | UploadEvent
  | { readonly kind: "queued"; readonly job: number; readonly behind: number }
  | { readonly kind: "attached"; readonly job: number }
  | { readonly kind: "build"; readonly text: string }
  /** A line of what `# mypaas.release` prints. */
  | { readonly kind: "output"; readonly text: string }
  | {
      readonly kind: "ready";
      /** Left out for `web`. */
      readonly process?: string;
      readonly replica: number;
      readonly ms: number;
    }
  | LiveEvent
  | ReceiptEvent
  | { readonly kind: "unchanged"; readonly service: string; readonly release: number }
  /** The end of a job that took a service out of use; `release` is what it starts with again. */
  | { readonly kind: "stopped"; readonly service: string; readonly release: number }
  /** The end of a job that removed a service; `kept` are the volumes that stay. */
  | { readonly kind: "removed"; readonly service: string; readonly kept: readonly string[] }
  /** The end of a job of any other kind: the `action` that it did, and what came of it. */
  | { readonly kind: "finished"; readonly action: string; readonly text: string }
  | FailedEvent
  | { readonly kind: "superseded"; readonly job: number; readonly by: number };

/** Something to know, and perhaps to put right. */
export interface WarningEvent extends HintFields {
  readonly kind: "warning";
  readonly text: string;
}

export interface UploadEvent {
  readonly kind: "upload";
  readonly files: number;
  readonly totalFiles: number;
  readonly bytes: number;
  readonly totalBytes: number;
  /** Bytes per second over the whole upload so far. */
  readonly rate: number;
}

export interface LiveEvent {
  readonly kind: "live";
  readonly service: string;
  readonly release: number;
  readonly urls: readonly string[];
  /** Those of `urls` of which only an open port is known: no health check, and no answer or one with 5xx. */
  readonly unproven?: readonly string[];
  /** From the start of the switch to the cut-over. */
  readonly ms: number;
}

/** What the switch was for clients, said once the old release is gone; without counts where Traefik could not be asked. */
export interface ReceiptEvent extends Receipt {
  readonly kind: "receipt";
  readonly service: string;
  readonly release: number;
}

/** The end of a job that changed nothing; `still` says what runs now, such as "web still runs release 41". */
export interface FailedEvent extends HintFields {
  readonly kind: "failed";
  readonly message: string;
  readonly details: readonly string[];
  readonly still?: string;
}

/** An event in a job's log: `offset` counts from 0 without gaps, `at` is milliseconds since the epoch. */
export type LoggedEvent = Event & { readonly offset: number; readonly at: number };

/** Takes an event; everything that reports progress gets one of these. */
export type Say = (event: Event) => void;
