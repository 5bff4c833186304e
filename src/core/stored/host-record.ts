import type { HostRecord, Served, Trouble } from "../certificates/record.ts";
import { amount, count, flag, listOf, maybe, object, text, word, type Reader } from "./shape.ts";
import { inState, readStored } from "./stored.ts";

const trouble = object<Trouble, "about" | "reason">({
  about: text,
  reason: text,
  hint: maybe(text),
  hintParts: maybe(listOf(text)),
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
