import type { Action } from "../actions/actions.ts";
import type { LoggedEvent } from "./events.ts";

/**
 * The protocol between client and server, the same over TLS and over `local.sock`.
 *
 *   POST {base}/requests                     body: the exact bytes that were signed; header `mypaas-signature`: base64 of the SSHSIG blob
 *                                            (no signature on local.sock) → 200 Accepted
 *   then, with `Authorization: Bearer <token>` whose sha256 stands in the signed request:
 *   GET  {base}/requests/ID                  → 200 Accepted, `missing` as it is now
 *   PUT  {base}/requests/ID/blobs            tar of whole blobs, each entry named by its sha256 → 200 { received: [sha256…] }
 *   GET  {base}/requests/ID/blobs/SHA256     → 200 { have: bytes already here }
 *   PUT  {base}/requests/ID/blobs/SHA256     `content-range: bytes A-B/SIZE`, A = have → 200 { have }
 *   POST {base}/requests/ID/start            all blobs are here → 200 Accepted with `job`
 *   GET  {base}/requests/ID/events?from=N    NDJSON of LoggedEvent from offset N; an empty line every 10 s; ends with the job
 *   GET  {base}/requests/ID/stream?from=C    NDJSON of what the action streams (core/actions/watch.ts), from cursor C on; an empty line every 10 s
 *   GET  {base}/requests/ID/attach           `Connection: Upgrade`, `Upgrade: mypaas-stream`, once, within a minute → 101, then frames (./frames.ts)
 *
 * Anything refused: 4xx or 5xx with ErrorAnswer.
 */
export const wireBase = "/.well-known/mypaas/v1";
export const signatureHeader = "mypaas-signature";
/** SSHSIG namespace of every signature. */
export const signatureNamespace = "mypaas@v1";
/** How far `created` may be from the server's clock when a request is first accepted. */
export const clockToleranceMs = 5 * 60_000;
export const maxRequestBytes = 16 * 1024 * 1024;
/** Blobs up to this size travel in tar batches of at most `maxBatchBytes`; larger ones alone, in ranges. */
export const maxBatchedBlobBytes = 1024 * 1024;
export const maxBatchBytes = 8 * 1024 * 1024;
export const maxBlobBytes = 4 * 1024 * 1024 * 1024;

/** What a client signs, as JSON in UTF-8. */
export type Request = RequestHead & Action;

export interface RequestHead {
  readonly v: 1;
  /** Id of the server this is for. */
  readonly server: string;
  /** Milliseconds since the epoch. */
  readonly created: number;
  /** 32 random hex digits. */
  readonly nonce: string;
  /** sha256 (hex) of the bearer token that the client made for this request. */
  readonly tokenHash: string;
}

export interface Accepted {
  /** sha256 (hex) of the signed bytes. */
  readonly request: string;
  /** Set from the moment a job exists. */
  readonly job?: number;
  /** True when `job` was begun by an earlier request with the same content. */
  readonly attached?: boolean;
  /** Blobs still to be uploaded before `start`. */
  readonly missing: readonly WantedBlob[];
  /** The answer of actions that are done at once. */
  readonly result?: unknown;
}

export interface WantedBlob {
  readonly sha256: string;
  readonly size: number;
}

/** What answers the protocol: the worker itself, or the receiver that passes everything on. Refusals are UserErrors. */
export interface Backend {
  /** `signature` is the SSHSIG blob; undefined only over local.sock. */
  readonly accept: (body: Uint8Array, signature: Uint8Array | undefined) => Promise<Accepted>;
  readonly status: (request: string, token: string) => Promise<Accepted>;
  readonly start: (request: string, token: string) => Promise<Accepted>;
  /** Follows the log from `from` on and ends with the job. */
  readonly events: (
    request: string,
    token: string,
    from: number,
    signal: AbortSignal,
  ) => Promise<AsyncIterable<LoggedEvent>>;
  /** Text of whole lines, from the cursor on that the lines before it gave; empty: from the start. */
  readonly stream: (
    request: string,
    token: string,
    from: string,
    signal: AbortSignal,
  ) => Promise<AsyncIterable<string>>;
}

export interface ErrorAnswer {
  readonly error: {
    readonly code: string;
    readonly message: string;
    readonly hint?: string;
    readonly details?: readonly string[];
  };
}
