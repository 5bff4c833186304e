import type { Right } from "../ssh/authorized-keys.ts";
import { optional, serviceName, wholeNumber, type Flat, type Read, type Shape } from "./fields.ts";

/**
 * Fields that tell what an action is about, by its scope.
 * An action of the scope `job` names a job, or a service whose newest job is meant; the rights depend on the service of that job.
 */
export const scopeFields = {
  service: { service: serviceName },
  "optional service": { service: optional(serviceName) },
  job: { service: optional(serviceName), job: optional(wholeNumber) },
  server: {},
} as const;

export type Scope = keyof typeof scopeFields;

/** One action of the protocol: everything that both sides decide about it. */
export interface Definition<
  F extends Shape = Shape,
  S extends Scope = Scope,
  K extends Kind = Kind,
  R = unknown,
> {
  readonly scope: S;
  /** Fields besides those of the scope. */
  readonly fields: F;
  /** The right that a key needs; keys with limits have it only for their services. */
  readonly right: Right | "any key";
  /** What it is for the holder of a token, which may be limited to reading. Left out: no token can do it. */
  readonly byGrant?: "read" | "change";
  readonly becomes: Becomes<K, R>;
  /** `safe`: the client may send it again after a broken connection; `once`: only while it cannot have arrived. */
  readonly repeat: "safe" | "once";
  /** Decided for each action that names a service. */
  readonly knownNames?: KnownNames<F, S, R>;
  /** Replaces fields before the content id is made; an undefined field does not count. */
  content?(action: Read<F>): object;
  /** Replaces fields in what the server stores of a request that becomes a job or a stream. */
  stored?(action: Read<F>): object;
  /** Services besides its own that the key must be allowed to touch. */
  alsoTouches?(action: Read<F>): readonly string[];
}

/**
 * How the server answers.
 * - `answer`: with the result, at once.
 * - `job`: with a new job, or the unfinished one that does the same; with a result where nothing has to run.
 * - `upload`: the same, once the missing blobs are uploaded.
 * - `job-log`: with the log of a job that exists.
 * - `stream`: with lines, until the reader leaves.
 * - `terminal`: with a result and a connection for input and output.
 */
export type Kind = "answer" | "job" | "upload" | "job-log" | "stream" | "terminal";

export interface Becomes<K extends Kind, R> {
  readonly kind: K;
  /** For the compiler only. */
  readonly result?: R;
}

export const answer = <R = never>(): Becomes<"answer", R> => ({ kind: "answer" });
export const job = <R = undefined>(): Becomes<"job", R> => ({ kind: "job" });
export const upload = (): Becomes<"upload", undefined> => ({ kind: "upload" });
export const jobLog = (): Becomes<"job-log", undefined> => ({ kind: "job-log" });
export const stream = (): Becomes<"stream", undefined> => ({ kind: "stream" });
export const terminal = <R = never>(): Becomes<"terminal", R> => ({ kind: "terminal" });

/** How the client's list of service names changes once the server has accepted the action. */
export type KnownNames<F extends Shape, S extends Scope, R> =
  | "unchanged"
  | "added"
  | "removed"
  | Learn<F, S, R>["names"];

/** A method, so that a definition of one action is a definition of any. */
interface Learn<F extends Shape, S extends Scope, R> {
  names(known: readonly string[], action: ReadIn<F, S>, result: R): readonly string[];
}

/** The fields of an action in its scope. */
export type ReadIn<F extends Shape, S extends Scope> = Flat<
  Read<(typeof scopeFields)[S]> & Read<F>
>;

/** Defines an action; one that names a service must have `knownNames`. */
export const action = <const F extends Shape, const S extends Scope, const K extends Kind, R>(
  definition: Definition<F, S, K, R> &
    (S extends "service" | "optional service" ? { readonly knownNames: unknown } : unknown),
): Definition<F, S, K, R> => definition;
