import { command, hint, hintFields } from "../../core/hints.ts";
import { warnBeforeMs, nextAllowedRequest } from "../../core/certificates/schedule.ts";
import {
  afterPreflight,
  afterProbe,
  afterRefusal,
  afterRequest,
  type HostRecord,
  type Trouble,
} from "../../core/certificates/record.ts";
import { wildcardFor } from "../../core/certificates/wanted.ts";
import { endedWithin } from "../ended-within.ts";
import { HostRecords } from "./host-records.ts";
import { atMost } from "../at-most.ts";
import { chooseChallenge, Issuer } from "./issue.ts";
import type { CertificatePorts } from "./ports.ts";

/** `planned`: only when it is due. `deploy`: also before that, unless the CA refused. `retry`: always. */
export type Urgency = "planned" | "deploy" | "retry";

/** A lost certificate is noticed after 10 s, and there are at most ten handshakes a second. */
const checkEveryMs = (hosts: number): number => Math.max(10_000, hosts * 100);
const leastMs = 1_000;
/** Traefik tries at least once in this time to renew a certificate. */
const renewalsMs = 25 * 3_600_000;
const secondProbeMs = 2_000;
const stopMs = 2_000;

/** Gets and watches the certificates of all hosts that want https, as long as the worker runs. */
export class CertificateManager {
  readonly #ports: CertificatePorts;
  readonly #records: HostRecords;
  readonly #issuer: Issuer;
  readonly #busy = new Map<string, Promise<void>>();
  readonly #ended = new AbortController();
  /** With hundreds of hosts, limits the load on the DNS servers and on Traefik. */
  readonly #probes = atMost(16);
  readonly #attempts = atMost(8);
  #timer: NodeJS.Timeout | undefined;

  constructor(ports: CertificatePorts) {
    this.#ports = ports;
    this.#records = new HostRecords(ports);
    this.#issuer = new Issuer(ports);
  }

  /** Checks all hosts now, and from then on when one is due. */
  start(): void {
    if (this.#ended.signal.aborted) return;
    this.#timer = setTimeout(() => this.start(), Math.max(this.#checkAll(), leastMs));
    this.#timer.unref();
  }

  async stop(): Promise<void> {
    this.#ended.abort();
    clearTimeout(this.#timer);
    // A check that takes longer stores nothing any more.
    const { clock } = this.#ports;
    await endedWithin(clock, Promise.allSettled(this.#busy.values()), { ms: stopMs });
  }

  /** Checks the wanted ones of these hosts. Resolves when each has a certificate or a reason why not. */
  async checkNow(hosts: readonly string[], urgency: Urgency): Promise<void> {
    const wanted = this.#ports.wanted().filter(({ host }) => hosts.includes(host));
    await Promise.all(wanted.map(({ host }) => this.#check(host, urgency)));
  }

  /** Starts requests for the hosts of a deploy before it is live. Resolves with the hosts that have no certificate yet. */
  async requestEarly(hosts: readonly string[]): Promise<readonly string[]> {
    await Promise.all(hosts.map((host) => this.#probe(host)));
    const open = hosts.filter((host) => !this.record(host).secured);
    for (const host of open) this.#check(host, "deploy").catch(() => undefined);
    return open;
  }

  record(host: string): HostRecord {
    return this.#records.of(host);
  }

  /** Starts a check of every host. Returns the milliseconds until the next one is due, also while the disk is full or Traefik is away. */
  #checkAll(): number {
    const now = this.#ports.clock.now();
    try {
      const wanted = this.#ports.wanted().map(({ host }) => host);
      const served = this.#ports.servedHosts();
      const httpOnly = this.#records
        .hosts()
        .filter((host) => served.includes(host) && !wanted.includes(host));
      void Promise.allSettled([
        ...wanted.map((host) => this.#check(host, "planned")),
        // Needs no new certificate, but HSTS is switched off only while the old one is valid.
        ...httpOnly.map((host) => this.#probe(host)),
        this.#apply(),
      ]);
      this.#records.forgetUnused([...wanted, ...served]);
      const open = wanted.map((host) => this.record(host)).filter(({ secured }) => !secured);
      return Math.min(checkEveryMs(wanted.length), ...open.map(({ next }) => next - now));
    } catch {
      return checkEveryMs(1);
    }
  }

  /** Runs the checks of one host one after the other. */
  #check(host: string, urgency: Urgency): Promise<void> {
    const before = this.#busy.get(host);
    if (before !== undefined && urgency === "planned") return before;
    const work = (before ?? Promise.resolve())
      .catch(() => undefined)
      .then(() => this.#checkOnce(host, urgency))
      .catch((error: unknown) => {
        if (!this.#ended.signal.aborted) throw error;
      })
      .finally(() => {
        if (this.#busy.get(host) === work) this.#busy.delete(host);
      });
    this.#busy.set(host, work);
    return work;
  }

  async #checkOnce(host: string, urgency: Urgency): Promise<void> {
    const { clock, wanted } = this.#ports;
    const record = await this.#probe(host);
    if (record === undefined) {
      const known = this.record(host);
      if (known.phase !== "new") return;
      return this.#save(afterPreflight(known, traefikAway, clock.now()));
    }
    if (record.secured || !isDue(record, urgency, clock.now())) return;
    const wildcard = wildcardFor(host, wanted());
    if (wildcard !== undefined && this.#isComing(wildcard))
      return this.#save(afterPreflight(record, coveredBy(wildcard), clock.now()));
    await this.#attempts(() => this.#request(record));
  }

  /** Looks at the certificate that Traefik serves for a host. Undefined while Traefik is away; then nothing is stored. */
  async #probe(host: string): Promise<HostRecord | undefined> {
    const { clock, refusal } = this.#ports;
    let record = await this.#probeOnce(host);
    // A Traefik that has just started may not have loaded all certificates yet.
    if (this.record(host).secured && record?.secured === false) {
      await clock.sleep(secondProbeMs, this.#ended.signal);
      record = await this.#probeOnce(host);
    }
    if (record === undefined) return undefined;
    const now = clock.now();
    // Traefik renews by itself, and logs a reason when it cannot.
    const trouble = isExpiring(record, now)
      ? await refusal(host, now - renewalsMs)
      : record.trouble;
    await this.#save(trouble === undefined ? record : { ...record, trouble });
    return this.record(host);
  }

  async #probeOnce(host: string): Promise<HostRecord | undefined> {
    const { clock, manualFingerprints, probe } = this.#ports;
    const before = manualFingerprints();
    const served = await this.#probes(() => probe(host));
    // A manual certificate may have been added or removed during the probe.
    const manual = new Set([...before, ...manualFingerprints()]);
    return served && afterProbe(this.record(host), served, { manual, now: clock.now() });
  }

  async #request(record: HostRecord): Promise<void> {
    const { clock, manualFingerprints } = this.#ports;
    const { host } = record;
    const choice = await chooseChallenge(this.#ports, host);
    this.#ended.signal.throwIfAborted();
    const now = clock.now();
    if ("trouble" in choice) return this.#save(afterPreflight(record, choice.trouble, now));
    const next = nextAllowedRequest(record.asks, now);
    if (next > now) return this.#save({ ...afterPreflight(record, tooOften, now), next });
    await this.#save(afterRequest(record, now));
    const outcome = await this.#issuer.issue(host, choice.challenge, this.#ended.signal);
    const latest = this.record(host);
    await this.#save(
      "served" in outcome
        ? afterProbe(latest, outcome.served, { manual: manualFingerprints(), now: clock.now() })
        : afterRefusal(latest, outcome.trouble, clock.now()),
    );
  }

  #isComing(host: string): boolean {
    const hasDns = this.#ports.challenges?.includes("dns") === true;
    return hasDns && ["new", "asking"].includes(this.record(host).phase);
  }

  async #save(record: HostRecord): Promise<void> {
    if (this.#records.put(record)) await this.#apply();
  }

  /** Writes the dynamic file: the secured hosts redirect to https, all others do not. */
  #apply(): Promise<void> {
    return this.#ports.serve({
      secured: this.#records.secured(),
      certificateRequests: this.#issuer.open(),
      manualCertificates: this.#ports.manualPairs(),
    });
  }
}

const isExpiring = ({ phase, served }: HostRecord, now: number): boolean =>
  phase === "issued" &&
  served !== undefined &&
  served.until - now < warnBeforeMs(served.from, served.until);

/** A record from the future was written while the clock was wrong. */
function isDue({ phase, next, since }: HostRecord, urgency: Urgency, now: number): boolean {
  if (urgency === "retry" || next <= now || since > now) return true;
  return urgency === "deploy" && phase !== "failed";
}

const coveredBy = (wildcard: string): Trouble => ({
  about: `waiting for ${wildcard}`,
  reason: `the certificate of ${wildcard} will cover it`,
});

const tooOften: Trouble = {
  about: "request limit",
  reason: "the CA had 4 requests within an hour",
};

const traefikAway: Trouble = {
  about: "Traefik away",
  reason: "Traefik does not answer, and only Traefik can request certificates",
  ...hintFields(hint`start it, on the server: sudo ${command("init")}`),
};
