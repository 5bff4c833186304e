import { isDeepStrictEqual } from "node:util";
import {
  afterRestart,
  asking,
  held,
  newRecord,
  refused,
  seen,
  type HostRecord,
  type Trouble,
} from "../../core/certificates/record.ts";
import { warnBeforeMs } from "../../core/certificates/expiry.ts";
import { mayAsk } from "../../core/certificates/schedule.ts";
import { wildcardFor, type WantedHost } from "../../core/certificates/wanted.ts";
import { createAsker } from "./ask.ts";
import { chooseChallenge } from "./choose.ts";
import type { CertificatePorts } from "./ports.ts";

/** Looks after the certificates of all hosts that want https, as long as the worker runs. */
export interface Keeper {
  /** Begins to look by itself, now and then. */
  readonly start: () => void;
  readonly stop: () => Promise<void>;
  /** Looks after these hosts now; `urgent`: whatever was planned for later. Resolves when each has a certificate or a reason why not. */
  readonly attend: (hosts: readonly string[], urgency: Urgency) => Promise<void>;
  /** Begins with hosts that a deploy is about to bring, so that their certificates are there when it is live; resolves once those are known that are there already. */
  readonly foresee: (hosts: readonly string[]) => Promise<void>;
  /** What is known of all hosts that are wanted. */
  readonly records: () => readonly HostRecord[];
}

/** `look`: as planned. `deploy`: looks again where the CA was not asked. `retry`: asks it again as well. */
export type Urgency = "look" | "deploy" | "retry";

const lookMs = 60_000;
const leastMs = 1_000;
/** Traefik tries at least once in so long. */
const renewalsMs = 25 * 3_600_000;
const keptMs = 24 * 3_600_000;

export function createKeeper(ports: CertificatePorts): Keeper {
  const { clock } = ports;
  const known = new Map(
    ports.records.read().map((one) => [one.host, afterRestart(one, clock.now())]),
  );
  const busy = new Map<string, Promise<void>>();
  const ended = new AbortController();
  const ask = createAsker(ports);
  let timer: NodeJS.Timeout | undefined;

  const recordOf = (host: string): HostRecord => known.get(host) ?? newRecord(host, clock.now());

  const save = async (record: HostRecord): Promise<void> => {
    const before = known.get(record.host);
    if (isDeepStrictEqual(before, record)) return;
    ports.records.put(record);
    known.set(record.host, record);
    if ((before?.secured ?? false) !== record.secured) await apply();
  };

  /** From here on these hosts redirect to https, and no others. */
  const apply = (): Promise<void> => {
    const secured = [...known.values()].filter((one) => one.secured).map(({ host }) => host);
    return ports.serve({ secured: secured.toSorted() });
  };

  /** False without Traefik: nothing can be asked then, and nothing that was seen has changed. */
  const lookAt = async (host: string): Promise<boolean> => {
    const served = await ports.look(host);
    if (served === undefined) return false;
    await save(seen(recordOf(host), served, { own: ports.own(), now: clock.now() }));
    return true;
  };

  /** Traefik renews by itself; where it could not, it has said why. */
  const withReason = async (record: HostRecord): Promise<HostRecord> => {
    const trouble = await ports.refusal(record.host, clock.now() - renewalsMs);
    return trouble === undefined ? record : { ...record, trouble };
  };

  const attendOnce = async (one: WantedHost, urgency: Urgency): Promise<void> => {
    const { host } = one;
    if (!(await lookAt(host))) return;
    const record = recordOf(host);
    if (record.secured && isEnding(record, clock.now())) return save(await withReason(record));
    if (record.secured || !isDue(record, urgency, clock.now())) return;
    const wildcard = wildcardFor(host, ports.wanted());
    if (wildcard !== undefined && ports.challenges?.includes("dns") === true)
      return save(held(record, waitingFor(wildcard), clock.now()));
    const choice = await chooseChallenge(ports, host);
    if ("trouble" in choice) return save(held(record, choice.trouble, clock.now()));
    const now = clock.now();
    const allowed = mayAsk(record.asks, now);
    if (allowed > now) return save({ ...held(record, tooOften, now), next: allowed });
    await save(asking(record, now));
    const outcome = await ask(host, choice.challenge, ended.signal);
    await save(
      "served" in outcome
        ? seen(recordOf(host), outcome.served, { own: ports.own(), now: clock.now() })
        : refused(recordOf(host), outcome.trouble, clock.now()),
    );
  };

  /** One after the other for each host. */
  const attend = (one: WantedHost, urgency: Urgency): Promise<void> => {
    const before = busy.get(one.host);
    if (before !== undefined && urgency === "look") return before;
    const work = (before ?? Promise.resolve())
      .then(() => attendOnce(one, urgency))
      .catch((error: unknown) => {
        if (!ended.signal.aborted) throw error;
      })
      .finally(() => {
        if (busy.get(one.host) === work) busy.delete(one.host);
      });
    busy.set(one.host, work);
    return work;
  };

  const forget = (wanted: readonly WantedHost[]): void => {
    for (const { host, asks } of known.values()) {
      const isWanted = wanted.some((one) => one.host === host);
      // The CA remembers how often it was asked, so this does too.
      if (isWanted || clock.now() - (asks.at(-1) ?? 0) < keptMs) continue;
      ports.records.remove(host);
      known.delete(host);
    }
  };

  const tick = (): void => {
    if (ended.signal.aborted) return;
    const wanted = ports.wanted();
    forget(wanted);
    const all = wanted.map((one) => attend(one, "look"));
    // A disk that is full or a Traefik that is away is there again at another time.
    void Promise.allSettled([...all, apply()]);
    const nexts = wanted.map(({ host }) => recordOf(host)).filter((one) => !one.secured);
    const soonest = Math.min(lookMs, ...nexts.map(({ next }) => next - clock.now()));
    timer = setTimeout(tick, Math.max(soonest, leastMs));
    timer.unref();
  };

  return {
    start: tick,
    stop: async () => {
      ended.abort();
      clearTimeout(timer);
      await Promise.allSettled(busy.values());
    },
    attend: async (hosts, urgency) => {
      const wanted = ports.wanted().filter(({ host }) => hosts.includes(host));
      await Promise.all(wanted.map((one) => attend(one, urgency)));
    },
    foresee: async (hosts) => {
      const coming = hosts.map((host) => ({ host, services: [] }));
      await Promise.all(coming.map(({ host }) => lookAt(host)));
      for (const one of coming) attend(one, "deploy").catch(() => undefined);
    },
    records: () => ports.wanted().map(({ host }) => recordOf(host)),
  };
}

const isEnding = ({ phase, served }: HostRecord, now: number): boolean =>
  phase === "issued" &&
  served !== undefined &&
  served.until - now < warnBeforeMs(served.from, served.until);

function isDue({ phase, next }: HostRecord, urgency: Urgency, now: number): boolean {
  if (urgency === "retry" || next <= now) return true;
  return urgency === "deploy" && phase !== "failed";
}

const waitingFor = (wildcard: string): Trouble => ({
  about: `waiting for ${wildcard}`,
  reason: `the certificate of ${wildcard} will serve it as well`,
});

const tooOften: Trouble = {
  about: "asked often",
  reason: "the CA was asked 4 times within an hour",
};
