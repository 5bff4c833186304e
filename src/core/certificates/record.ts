import { type HintFields } from "../hints.ts";
import { nextCheck, nextTry } from "./schedule.ts";

/** The stored facts about a host that wants https. Redirects and HSTS depend on `secured` alone. */
export interface HostRecord {
  readonly host: string;
  /** A valid certificate was served at the last probe. */
  readonly secured: boolean;
  /** `new`: nothing was done yet; `asking`: the CA has the request; `waiting`: the CA would refuse, so it is not asked; `failed`: the CA refused. */
  readonly phase: "new" | "asking" | "waiting" | "failed" | "issued" | "own";
  /** Start of this phase, milliseconds since the epoch. */
  readonly since: number;
  /** Refused attempts in a row. */
  readonly failures: number;
  /** Times of the requests to the CA, newest last; those of the last hour count. */
  readonly asks: readonly number[];
  /** Time of the next check. */
  readonly next: number;
  readonly trouble?: Trouble;
  readonly served?: Served;
}

/** Why there is no certificate: a few words, a sentence and a hint. */
export interface Trouble extends HintFields {
  readonly about: string;
  readonly reason: string;
  /** The CA did not answer, so it did not refuse. */
  readonly isSilence?: true;
  /** The CA accepts no request before this time. */
  readonly notBefore?: number;
}

/** The certificate that Traefik serves for a host. */
export interface Served {
  /** The issuer, or `self-signed`. */
  readonly issuer: string;
  /** Milliseconds since the epoch. */
  readonly from: number;
  readonly until: number;
  /** sha256 (hex) of the certificate's DER. */
  readonly fingerprint: string;
  /** The certificate covers this host and is valid now. */
  readonly isValid: boolean;
}

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

export const newRecord = (host: string, now: number): HostRecord => ({
  host,
  secured: false,
  phase: "new",
  since: now,
  failures: 0,
  asks: [],
  next: now,
});

/** The record after a probe; `manual` holds the fingerprints of manual certificates. A lost certificate is requested again. */
export function afterProbe(
  record: HostRecord,
  served: Served,
  { manual, now }: { readonly manual: ReadonlySet<string>; readonly now: number },
): HostRecord {
  if (served.isValid) {
    const { trouble: _, ...rest } = record;
    const phase = manual.has(served.fingerprint) ? "own" : "issued";
    return { ...enter(rest, phase, now), secured: true, failures: 0, served };
  }
  const { served: _, ...rest } = record;
  const isLost = record.phase === "issued" || record.phase === "own";
  return isLost
    ? { ...enter(rest, "new", now), secured: false, next: now }
    : { ...rest, secured: false };
}

/** The record when the CA gets a request. */
export function afterRequest(record: HostRecord, now: number): HostRecord {
  const asks = [...record.asks.filter((at) => now - at < dayMs), now];
  const { trouble: _, ...rest } = record;
  return { ...enter(rest, "asking", now), asks, next: now };
}

/** The record after a refusal or a failed request. After the first one without an answer, the next comes soon. */
export function afterRefusal(record: HostRecord, trouble: Trouble, now: number): HostRecord {
  const failures = record.failures + 1;
  const isFirstSilence = trouble.isSilence === true && failures === 1;
  const usual = isFirstSilence ? now + soonMs : nextTry({ failures, asks: record.asks }, now);
  const next = Math.max(usual, trouble.notBefore ?? 0);
  return { ...enter(record, "failed", now), failures, next, trouble };
}

/** The record when the CA would refuse, so it is not asked. A check costs nothing, so it is repeated often. */
export function afterPreflight(record: HostRecord, trouble: Trouble, now: number): HostRecord {
  const waiting = enter(record, "waiting", now);
  return { ...waiting, next: nextCheck(waiting.since, now), trouble };
}

/** The record when the worker restarts. The request of the last worker was not refused, and may still be answered. */
export const afterRestart = (record: HostRecord, now: number): HostRecord =>
  record.phase === "asking" ? { ...record, next: now + soonMs } : record;

const soonMs = 60_000;

/** The record after a change of the CA, which knows nothing of earlier requests. */
export function withOtherCa(record: HostRecord, now: number): HostRecord {
  const { trouble: _, ...rest } = record;
  const phase = record.secured ? record.phase : "new";
  return { ...enter(rest, phase, now), failures: 0, asks: [], next: now };
}

/** A start in the future was written while the clock was wrong. */
const enter = (record: HostRecord, phase: HostRecord["phase"], now: number): HostRecord => ({
  ...record,
  phase,
  since: record.phase === phase ? Math.min(record.since, now) : now,
});
