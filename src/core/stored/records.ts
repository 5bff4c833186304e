import type { Receipt } from "../actions/lifecycle.ts";
import type { PushFrom } from "../actions/push.ts";
import type { HostRecord, Served, Trouble } from "../certificates/record.ts";
import { storedRoute } from "../dockerfile/keys/routes.ts";
import { storedSpec } from "../dockerfile/keys/table.ts";
import type { Project } from "../push/project.ts";
import type { Mount, Release, SecretFile } from "../release/release.ts";
import { grantRights, type Grant } from "../wire/grant.ts";
import {
  amount,
  count,
  flag,
  hinted,
  listOf,
  mapOf,
  maybe,
  object,
  orNull,
  text,
  word,
  type Reader,
} from "./shape.ts";
import { inState, readStored } from "./stored.ts";

const mount = object<Mount, "type" | "source" | "target" | "readOnly">({
  type: word("volume", "bind", "none"),
  source: text,
  target: text,
  readOnly: flag,
  carried: maybe(flag as Reader<true>),
});

const secretFile = object<SecretFile, "name" | "version" | "source" | "target">({
  name: text,
  version: text,
  source: text,
  target: text,
});

export const releaseShape = object<
  Release,
  "instance" | "number" | "spec" | "image" | "env" | "mounts" | "imageHealthcheck"
>({
  instance: text,
  number: count,
  spec: storedSpec,
  image: text,
  port: maybe(count),
  env: mapOf(text),
  mounts: listOf(mount),
  secretFiles: maybe(listOf(secretFile)),
  yielded: maybe(listOf(storedRoute)),
  imageHealthcheck: flag,
  hasLauncher: maybe(flag as Reader<true>),
});

export const receiptShape = object<Receipt, "ms">({
  ms: amount,
  requests: maybe(count),
  failed: maybe(count),
});

/** Reads a release as any released version stored it; throws UserError "damaged-state". */
export const readRelease = (json: string, service: string, number: number): Release =>
  readStored(json, releaseShape, inState(`release ${number} of ${service}`));

/** Reads what the switch to a release took. */
export const readReceipt = (json: string, service: string, number: number): Receipt =>
  readStored(json, receiptShape, inState(`receipt of release ${number} of ${service}`));

export const fromShape = object<PushFrom, "kind">({
  kind: text,
  commit: maybe(text),
  branch: maybe(text),
  subject: maybe(text),
  dirty: maybe(flag),
});

/** Reads where the code of a release came from. */
export const readFrom = (json: string, service: string, number: number): PushFrom =>
  readStored(json, fromShape, inState(`code of release ${number} of ${service}`));

const trouble = object<Trouble, "about" | "reason">({
  about: text,
  reason: text,
  ...hinted,
  isSilence: maybe(flag as Reader<true>),
  notBefore: maybe(amount),
});

const served = object<Served, "issuer" | "from" | "until" | "fingerprint" | "isValid">({
  issuer: text,
  from: amount,
  until: amount,
  fingerprint: text,
  isValid: flag,
});

export const hostRecordShape = object<
  HostRecord,
  "host" | "secured" | "phase" | "since" | "failures" | "asks" | "next"
>({
  host: text,
  secured: flag,
  phase: word("new", "asking", "waiting", "failed", "issued", "own"),
  since: amount,
  failures: count,
  asks: listOf(amount),
  next: amount,
  trouble: maybe(trouble),
  served: maybe(served),
});

/** Reads what is known of a host that wants https; throws UserError "damaged-state". */
export const readHostRecord = (json: string, host: string): HostRecord =>
  readStored(json, hostRecordShape, inState(`certificate of ${host}`));

/** A number of replicas that a command asked for; it counts as long as the Dockerfile says `written`. */
export interface ScaleOverride {
  readonly written: string;
  readonly replicas: number;
}

export const scaleOverrideShape = object<ScaleOverride, "written" | "replicas">({
  written: text,
  replicas: count,
});

export const projectShape = object<
  Project,
  "origins" | "machine" | "place" | "dockerfile" | "name"
>({
  origins: listOf(text),
  machine: text,
  place: text,
  dockerfile: text,
  name: text,
});

/** What is kept of a token that was used: never the token. */
export type UsedToken = Omit<Grant, "v" | "server" | "created">;

export const grantShape = object<UsedToken, keyof UsedToken>({
  id: text,
  name: text,
  services: listOf(text),
  actions: listOf(word(...grantRights)),
  access: word("read", "change"),
  expires: count,
});

/** Reads the project that a service was last pushed from; throws UserError "damaged-state". */
export const readProject = (json: string, service: string): Project =>
  readStored(json, projectShape, inState(`project of ${service}`));

/** Reads the scale that a command has set; throws UserError "damaged-state". */
export const readScaleOverride = (json: string, service: string): ScaleOverride =>
  readStored(json, scaleOverrideShape, inState(`scale of ${service}`));

/** What the journal keeps of a step beside its name. */
export interface StepData {
  readonly service: string | undefined;
  readonly release: number | undefined;
  /** The release that ran before; undefined where there was none. */
  readonly from: number | undefined;
  /** Of an outcome: true when the step was done. */
  readonly ok: boolean | undefined;
}

export const stepDataShape = object<StepData>({
  service: maybe(text),
  release: maybe(count),
  from: orNull(count),
  ok: maybe(flag),
});

/** Reads the data of a step; throws UserError "damaged-state". */
export const readStepData = (json: string, job: number): StepData =>
  readStored(json === "null" ? "{}" : json, stepDataShape, inState(`journal of job ${job}`));
