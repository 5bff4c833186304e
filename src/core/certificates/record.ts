import { nextLook, nextTry } from "./schedule.ts";

/** What is kept of a host that wants https; the only thing that redirects and HSTS depend on is `secured`. */
export interface HostRecord {
  readonly host: string;
  /** A valid certificate for it was served when it was last looked at. */
  readonly secured: boolean;
  /** `new`: nothing was done for it; `waiting`: the CA would refuse, and is not asked; `failed`: it has refused. */
  readonly phase: "new" | "asking" | "waiting" | "failed" | "issued" | "own";
  /** When this phase began, milliseconds since the epoch. */
  readonly since: number;
  /** Attempts that the CA refused, in a row. */
  readonly failures: number;
  /** When the CA was asked, the newest last; those of the last hour count. */
  readonly asks: readonly number[];
  /** When it is looked after again. */
  readonly next: number;
  readonly trouble?: Trouble;
  readonly served?: Served;
}

/** Why there is no certificate: a few words, a sentence and the way out. */
export interface Trouble {
  readonly about: string;
  readonly reason: string;
  readonly hint?: string;
  readonly hintParts?: readonly string[];
  /** Nobody has said no. */
  readonly isSilence?: true;
  /** The CA wants to be left alone until then. */
  readonly notBefore?: number;
}

/** The certificate that a host shows. */
export interface Served {
  readonly issuer: string;
  readonly from: number;
  readonly until: number;
  /** sha256 (hex) of the certificate. */
  readonly fingerprint: string;
  /** It is for this host, and for this moment. */
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

/** After a look at what is served: `own` holds the fingerprints of certificates that were added by hand. A certificate that was there and is not any more is asked for again. */
export function seen(
  record: HostRecord,
  served: Served,
  { own, now }: { readonly own: ReadonlySet<string>; readonly now: number },
): HostRecord {
  if (served.isValid) {
    const { trouble: _, ...rest } = record;
    const phase = own.has(served.fingerprint) ? "own" : "issued";
    return { ...enter(rest, phase, now), secured: true, failures: 0, served };
  }
  const { served: _, ...rest } = record;
  const isLost = record.phase === "issued" || record.phase === "own";
  return isLost
    ? { ...enter(rest, "new", now), secured: false, next: now }
    : { ...rest, secured: false };
}

/** The CA is about to be asked. */
export function asking(record: HostRecord, now: number): HostRecord {
  const asks = [...record.asks.filter((at) => now - at < dayMs), now];
  const { trouble: _, ...rest } = record;
  return { ...enter(rest, "asking", now), asks, next: now };
}

/** The CA has refused, or could not be asked to the end. What nobody has refused is tried once more soon. */
export function refused(record: HostRecord, trouble: Trouble, now: number): HostRecord {
  const failures = record.failures + 1;
  const isFirstSilence = trouble.isSilence === true && failures === 1;
  const usual = isFirstSilence ? now + soonMs : nextTry({ failures, now, asks: record.asks });
  const next = Math.max(usual, trouble.notBefore ?? 0);
  return { ...enter(record, "failed", now), failures, next, trouble };
}

/** The CA would refuse, so it is not asked; looking costs nothing, so it is done often. */
export function held(record: HostRecord, trouble: Trouble, now: number): HostRecord {
  const waiting = enter(record, "waiting", now);
  return { ...waiting, next: nextLook(waiting.since, now), trouble };
}

/** What a worker that has just started makes of a host for which an earlier one was asking: nobody has refused it, and an order that was made may still be answered. */
export const afterRestart = (record: HostRecord, now: number): HostRecord =>
  record.phase === "asking" ? { ...record, next: now + soonMs } : record;

const soonMs = 60_000;

/** The same host before another CA, which knows nothing of what was before. */
export function anew(record: HostRecord, now: number): HostRecord {
  const { trouble: _, ...rest } = record;
  const phase = record.secured ? record.phase : "new";
  return { ...enter(rest, phase, now), failures: 0, asks: [], next: now };
}

function enter(record: HostRecord, phase: HostRecord["phase"], now: number): HostRecord {
  return { ...record, phase, since: since(record, phase, now) };
}

/** A beginning in the future was written by a clock that was wrong. */
const since = (record: HostRecord, phase: HostRecord["phase"], now: number): number =>
  record.phase === phase ? Math.min(record.since, now) : now;
