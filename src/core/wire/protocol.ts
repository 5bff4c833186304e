import type { LoggedEvent } from "./events.ts";
import type { ProgramAsked } from "./program.ts";
import type { WatchAction } from "./watching.ts";

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
 *   GET  {base}/requests/ID/stream?from=C    NDJSON of what the action streams (./watching.ts), from cursor C on; an empty line every 10 s
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

/** What is asked for; `service` is a service name as in the Dockerfile. */
export type Action =
  | { readonly action: "push"; readonly service: string; readonly push: PushManifest }
  /** What a push would change; `text` is its Dockerfile, because nothing is uploaded. */
  | {
      readonly action: "plan";
      readonly service: string;
      readonly push: PushManifest;
      readonly text: string;
    }
  /** Without a number: what was live before the content that is live now. */
  | { readonly action: "rollback"; readonly service: string; readonly release?: number }
  | { readonly action: "scale"; readonly service: string; readonly replicas: number }
  | { readonly action: "restart"; readonly service: string }
  | { readonly action: "stop"; readonly service: string }
  | { readonly action: "start"; readonly service: string }
  /** `volumes`: names of Docker volumes that go too, and no others. */
  | { readonly action: "remove"; readonly service: string; readonly volumes: readonly string[] }
  | { readonly action: "remove.list"; readonly service: string }
  | { readonly action: "cancel"; readonly service: string }
  /** Of one service, or of all that the key may see. */
  | { readonly action: "release.list"; readonly service?: string }
  | { readonly action: "env.list"; readonly service: string }
  | {
      readonly action: "env.set";
      readonly service: string;
      readonly set: Readonly<Record<string, string>>;
      /** For the next push; else a service that runs gets a release with them. */
      readonly stage?: boolean;
    }
  | {
      readonly action: "env.unset";
      readonly service: string;
      readonly names: readonly string[];
      readonly stage?: boolean;
    }
  /** One more container, of the live release or of another whose image is kept; `detach`: nobody will be attached. */
  | ({
      readonly action: "run";
      readonly service: string;
      readonly release?: number;
      readonly detach?: boolean;
    } & ProgramAsked)
  | ({
      readonly action: "exec";
      readonly service: string;
      readonly replica?: number;
    } & ProgramAsked)
  | WatchAction
  /** The log of a job, or of the newest one of a service. */
  | { readonly action: "job.log"; readonly service?: string; readonly job?: number }
  | { readonly action: "key.list" }
  | { readonly action: "key.add"; readonly line: string }
  | { readonly action: "key.remove"; readonly fingerprint: string }
  | { readonly action: "server.info" }
  /** `host`: what the caller dials, so that the server's own address is known behind a NAT too. */
  | { readonly action: "doctor"; readonly host?: string }
  | {
      readonly action: "registry.login";
      /** A registry as it stands in FROM, such as `ghcr.io`. */
      readonly host: string;
      readonly username: string;
      readonly password: string;
    }
  | { readonly action: "registry.logout"; readonly host: string }
  | { readonly action: "registry.list" }
  | { readonly action: "cert.list" }
  /** PEM: the host's own certificate first, then those that lead to its root. */
  | {
      readonly action: "cert.add";
      readonly host: string;
      readonly certificate: string;
      readonly privateKey: string;
    }
  | { readonly action: "cert.remove"; readonly host: string }
  /** Asks at once, for one host or for all that have no certificate. */
  | { readonly action: "cert.retry"; readonly host?: string };

export type ActionName = Action["action"];

export interface PushManifest {
  /** Path of an entry. */
  readonly dockerfile: string;
  readonly entries: readonly ManifestEntry[];
  readonly options: PushOptions;
}

export interface PushOptions {
  readonly pull: boolean;
  readonly noCache: boolean;
  /** The service whose routes this one may take over. */
  readonly takeFrom?: string;
}

/** Paths are relative, `/`-separated, NFC; `mode` holds permission bits only. Sorted by path, no duplicates; empty directories do not travel. */
export type ManifestEntry =
  | {
      readonly path: string;
      readonly mode: number;
      readonly size: number;
      readonly sha256: string;
    }
  | { readonly path: string; readonly link: string };

/** Actions that become a job, whose log tells how they end; a cancel gets the log of the job that it ends. */
export type JobAction = Extract<Action, { readonly action: (typeof jobActions)[number] }>;

const jobActions = [
  "push",
  "rollback",
  "scale",
  "restart",
  "stop",
  "start",
  "remove",
  "env.set",
  "env.unset",
] as const;

export const isJobAction = (action: Action): action is JobAction =>
  (jobActions as readonly string[]).includes(action.action);

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
    readonly hintParts?: readonly string[];
    readonly details?: readonly string[];
  };
}
