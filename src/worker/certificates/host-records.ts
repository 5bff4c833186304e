import { isDeepStrictEqual } from "node:util";
import { afterRestart, newRecord, type HostRecord } from "../../core/certificates/record.ts";
import type { CertificatePorts } from "./ports.ts";

/** The limits of the CA count requests of the last day. */
const keptMs = 24 * 3_600_000;
/** A host that a deploy requested early is wanted when its build has ended. */
const buildMs = 3_600_000;

/** The records of all hosts, in memory and in the state. */
export class HostRecords {
  readonly #ports: Pick<CertificatePorts, "clock" | "records">;
  readonly #known: Map<string, HostRecord>;

  constructor(ports: Pick<CertificatePorts, "clock" | "records">) {
    const now = ports.clock.now();
    this.#ports = ports;
    this.#known = new Map(
      ports.records.read().map((record) => [record.host, afterRestart(record, now)]),
    );
  }

  of(host: string): HostRecord {
    return this.#known.get(host) ?? newRecord(host, this.#ports.clock.now());
  }

  hosts(): readonly string[] {
    return [...this.#known.keys()];
  }

  /** Hosts whose certificate is served, sorted. */
  secured(): readonly string[] {
    return [...this.#known.values()]
      .filter(({ secured }) => secured)
      .map(({ host }) => host)
      .toSorted();
  }

  /** Stores a record; true when the list of secured hosts has changed. */
  put(record: HostRecord): boolean {
    const before = this.#known.get(record.host);
    if (isDeepStrictEqual(before, record)) return false;
    this.#ports.records.put(record);
    this.#known.set(record.host, record);
    return (before?.secured ?? false) !== record.secured;
  }

  /** Forgets hosts that no service has, a day after the last request to the CA. */
  forgetUnused(used: readonly string[]): void {
    const now = this.#ports.clock.now();
    for (const { host, asks, since } of this.#known.values()) {
      const isRecent = now - (asks.at(-1) ?? 0) < keptMs || now - since < buildMs;
      if (used.includes(host) || isRecent) continue;
      this.#ports.records.remove(host);
      this.#known.delete(host);
    }
  }
}
