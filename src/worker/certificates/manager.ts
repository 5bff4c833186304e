import { isDeepStrictEqual } from "node:util";
import { warnBeforeMs } from "../../core/certificates/expiry.ts";
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
import { mayAsk } from "../../core/certificates/schedule.ts";
import { wildcardFor } from "../../core/certificates/wanted.ts";
import { createAsker } from "./issue.ts";
import { atMost } from "./limit-concurrency.ts";
import { chooseChallenge } from "./choose-challenge.ts";
import type { CertificatePorts } from "./ports.ts";
import { settledWithin } from "./ended-within.ts";
import { command, hint, hintText } from "../../core/hints.ts";

/** Looks after the certificates of all hosts that want https, as long as the worker runs. */
export interface CertificateManager {
  /** Begins to look by itself, now and then. */
  readonly start: () => void;
  readonly stop: () => Promise<void>;
  /** Looks after those of these hosts that are wanted, now. Resolves when each has a certificate or a reason why not. */
  readonly checkNow: (hosts: readonly string[], urgency: Urgency) => Promise<void>;
  /** Begins with hosts that a deploy is about to bring, so that their certificates are there when it is live; resolves with those that have none yet. */
  readonly requestEarly: (hosts: readonly string[]) => Promise<readonly string[]>;
  /** What is known of a host. */
  readonly record: (host: string) => HostRecord;
}

/** `look`: as planned. `deploy`: looks again where the CA was not asked. `retry`: asks it again as well. */
export type Urgency = "look" | "deploy" | "retry";

/** Soon enough for a redirect to go when Traefik has lost a certificate, and never more than ten handshakes a second. */
const lookMs = (hosts: number): number => Math.max(10_000, hosts * 100);
const leastMs = 1_000;
/** The CA remembers how often it was asked, so this does too. */
const keptMs = 24 * 3_600_000;
/** As long as a build may take, after which a host is wanted that was requested early. */
const foreseenMs = 3_600_000;
/** Traefik tries to renew at least once in so long. */
const renewalsMs = 25 * 3_600_000;
const secondLookMs = 2_000;
/** With hundreds of hosts neither the DNS servers nor Traefik should have to answer for all of them at once. */
const [looksAtOnce, attemptsAtOnce] = [16, 8] as const;
const stopMs = 2_000;

export function createCertificateManager(ports: CertificatePorts): CertificateManager {
  const { clock } = ports;
  const begun = clock.now();
  const known = new Map(ports.records.read().map((one) => [one.host, afterRestart(one, begun)]));
  const busy = new Map<string, Promise<void>>();
  const ended = new AbortController();
  const asker = createAsker(ports);
  const [looking, attempting] = [atMost(looksAtOnce), atMost(attemptsAtOnce)];
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
    return ports.serve({
      secured: secured.toSorted(),
      asking: asker.open(),
      ownCertificates: ports.ownPairs(),
    });
  };

  const see = async (host: string): Promise<HostRecord | undefined> => {
    const before = ports.own();
    const served = await looking(() => ports.look(host));
    // One that was brought or taken away during the look is nobody else's.
    const own = new Set([...before, ...ports.own()]);
    return served && seen(recordOf(host), served, { own, now: clock.now() });
  };

  /** Undefined without Traefik: nothing can be asked then, and nothing that was seen has changed. */
  const lookAt = async (host: string): Promise<HostRecord | undefined> => {
    let record = await see(host);
    // A Traefik that has just begun may not have all of its certificates yet.
    if (recordOf(host).secured && record?.secured === false) {
      await clock.sleep(secondLookMs, ended.signal);
      record = await see(host);
    }
    if (record === undefined) return undefined;
    const { trouble } = isEnding(record, clock.now()) ? await renewalOf(record) : record;
    await save(trouble === undefined ? record : { ...record, trouble });
    return recordOf(host);
  };

  /** Traefik renews by itself; where it could not, it has said why. */
  const renewalOf = async ({ host }: HostRecord): Promise<{ readonly trouble?: Trouble }> => {
    const trouble = await ports.refusal(host, clock.now() - renewalsMs);
    return trouble === undefined ? {} : { trouble };
  };

  const attendOnce = async (host: string, urgency: Urgency): Promise<void> => {
    const record = await lookAt(host);
    if (record === undefined) return noTraefik(host);
    if (record.secured || !isDue(record, urgency, clock.now())) return;
    const wildcard = wildcardFor(host, ports.wanted());
    if (wildcard !== undefined && isComing(recordOf(wildcard)))
      return save(held(record, waitingFor(wildcard), clock.now()));
    await attempting(() => attempt(record));
  };

  const attempt = async (record: HostRecord): Promise<void> => {
    const { host } = record;
    const choice = await chooseChallenge(ports, host);
    ended.signal.throwIfAborted();
    const now = clock.now();
    if ("trouble" in choice) return save(held(record, choice.trouble, now));
    const allowed = mayAsk(record.asks, now);
    if (allowed > now) return save({ ...held(record, tooOften, now), next: allowed });
    await save(asking(record, now));
    const outcome = await asker.ask(host, choice.challenge, ended.signal);
    await save(
      "served" in outcome
        ? seen(recordOf(host), outcome.served, { own: ports.own(), now: clock.now() })
        : refused(recordOf(host), outcome.trouble, clock.now()),
    );
  };

  const noTraefik = async (host: string): Promise<void> => {
    const record = recordOf(host);
    if (record.phase === "new") await save(held(record, away, clock.now()));
  };

  const isComing = ({ phase }: HostRecord): boolean =>
    ports.challenges?.includes("dns") === true && (phase === "new" || phase === "asking");

  /** One after the other for each host. */
  const checkNow = (host: string, urgency: Urgency): Promise<void> => {
    const before = busy.get(host);
    if (before !== undefined && urgency === "look") return before;
    const work = (before ?? Promise.resolve())
      .catch(() => undefined)
      .then(() => attendOnce(host, urgency))
      .catch((error: unknown) => {
        if (!ended.signal.aborted) throw error;
      })
      .finally(() => {
        if (busy.get(host) === work) busy.delete(host);
      });
    busy.set(host, work);
    return work;
  };

  const forget = (wanted: readonly string[]): void => {
    const now = clock.now();
    for (const { host, asks, since } of known.values()) {
      if (wanted.includes(host) || now - (asks.at(-1) ?? 0) < keptMs || now - since < foreseenMs)
        continue;
      ports.records.remove(host);
      known.delete(host);
    }
  };

  /** When somebody has to look again. A disk that is full now, or a Traefik that is away, is there again at another time. */
  const lookAround = (): number => {
    const now = clock.now();
    try {
      const wanted = ports.wanted().map(({ host }) => host);
      const served = ports.servedHosts();
      const left = [...known.keys()].filter(
        (host) => served.includes(host) && !wanted.includes(host),
      );
      void Promise.allSettled([
        ...wanted.map((host) => checkNow(host, "look")),
        // Nobody is asked for these; what they show decides whether browsers can be let go.
        ...left.map(lookAt),
        apply(),
      ]);
      forget([...wanted, ...served]);
      const open = wanted.map(recordOf).filter((one) => !one.secured);
      return Math.min(lookMs(wanted.length), ...open.map(({ next }) => next - now));
    } catch {
      return lookMs(1);
    }
  };

  const tick = (): void => {
    if (ended.signal.aborted) return;
    timer = setTimeout(tick, Math.max(lookAround(), leastMs));
    timer.unref();
  };

  return {
    start: tick,
    stop: async () => {
      ended.abort();
      clearTimeout(timer);
      // Whatever is still being looked up changes nothing any more.
      await settledWithin(clock, Promise.allSettled(busy.values()), { ms: stopMs });
    },
    checkNow: async (hosts, urgency) => {
      const wanted = ports.wanted().filter(({ host }) => hosts.includes(host));
      await Promise.all(wanted.map(({ host }) => checkNow(host, urgency)));
    },
    requestEarly: async (hosts) => {
      await Promise.all(hosts.map(lookAt));
      const open = hosts.filter((host) => !recordOf(host).secured);
      for (const host of open) checkNow(host, "deploy").catch(() => undefined);
      return open;
    },
    record: recordOf,
  };
}

const isEnding = ({ phase, served }: HostRecord, now: number): boolean =>
  phase === "issued" &&
  served !== undefined &&
  served.until - now < warnBeforeMs(served.from, served.until);

/** A record from the future was written by a clock that was wrong. */
function isDue({ phase, next, since }: HostRecord, urgency: Urgency, now: number): boolean {
  if (urgency === "retry" || next <= now || since > now) return true;
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

const away: Trouble = {
  about: "Traefik away",
  reason: "Traefik does not answer, and only it can ask",
  hint: hintText(hint`start it, on the server: sudo ${command("init")}`),
};
