import type { Action } from "../actions/actions.ts";
import type { HintFields } from "../hints.ts";

/**
 * Where the HTTP routes begin (./routes.ts), the same over TLS and over `local.sock`. A refusal is an ErrorAnswer with 4xx or 5xx.
 *
 * Laptop and server may have different versions. A server refuses every field of a request that it does not know, because leaving
 * it out could do something else than asked. A laptop leaves out unknown fields of an answer. An event of a later kind has a
 * `fallback` for older laptops. The last event of a job has a kind that the first laptops know, because they wait for it.
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

/** The content of the signed bytes, as JSON in UTF-8. */
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
  /** True when an earlier request with the same content began `job`. */
  readonly attached?: boolean;
  /** Blobs still to be uploaded before `start`. */
  readonly missing: readonly WantedBlob[];
  /** The answer of actions that are done at once. */
  readonly result?: unknown;
  /** Of mypaas on the server; the first servers do not say it. */
  readonly version?: string;
}

export interface WantedBlob {
  readonly sha256: string;
  readonly size: number;
}

export interface ErrorAnswer {
  readonly error: HintFields & {
    readonly code: string;
    readonly message: string;
    readonly details?: readonly string[];
  };
}
