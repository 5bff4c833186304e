import type { HostRecord, Served, Trouble } from "../../src/core/certificates/record.ts";
import type { WantedHost } from "../../src/core/certificates/wanted.ts";
import { UserError } from "../../src/core/errors.ts";
import { CertificateManager } from "../../src/worker/certificates/manager.ts";
import type { CertificatePorts, Challenge } from "../../src/worker/certificates/ports.ts";
import { fakeClock } from "./fake-clock.ts";

const dayMs = 24 * 3_600_000;

/** A fake Traefik, CA and DNS with a real manager; the fake clock runs on whenever code sleeps. */
export function certificateWorld(
  hosts: readonly string[],
  challenges: readonly Challenge[] | undefined = ["http"],
) {
  const clock = fakeClock();
  const stored = new Map<string, HostRecord>();
  const served = new Map<string, Served>();
  const troubles = new Map<string, Trouble>();
  const refusals = new Map<string, Trouble>();
  const silent = new Set<string>();
  const manual = new Set<string>();
  const log: string[] = [];
  let last = "secured []";
  const asked = new Map<string, number>();
  let wanted = hosts;
  let plain: readonly string[] = [];
  let isAway = false;
  let isDiskFull = false;
  let open: readonly string[] = [];
  let most = 0;

  const certificate = (issuer = "Test CA"): Served => ({
    issuer,
    from: clock.now(),
    until: clock.now() + 90 * dayMs,
    fingerprint: `${issuer} ${clock.now()}`,
    isValid: true,
  });
  const order = (host: string): void => {
    log.push(`order ${host}`);
    asked.set(host, (asked.get(host) ?? 0) + 1);
    if (silent.has(host) || refusals.has(host)) return;
    void clock.sleep(1_000).then(() => served.set(host, certificate()));
  };
  const ports: CertificatePorts = {
    clock,
    wanted: (): readonly WantedHost[] => wanted.map((host) => ({ host, services: ["web"] })),
    servedHosts: () => plain,
    challenges,
    records: {
      read: () => [...stored.values()],
      put: (record) => {
        if (isDiskFull) throw new Error("database or disk is full");
        stored.set(record.host, record);
      },
      remove: (host) => {
        if (isDiskFull) throw new Error("database or disk is full");
        stored.delete(host);
      },
    },
    manualFingerprints: () => manual,
    manualPairs: () => [],
    probe: (host) =>
      Promise.resolve(
        isAway
          ? undefined
          : (served.get(host) ?? { ...certificate("self-signed"), isValid: false }),
      ),
    preflight: (host, challenge) =>
      Promise.resolve(troubles.get(`${challenge} ${host}`) ?? troubles.get(host)),
    serve: ({ certificateRequests = [], secured }) => {
      if (isDiskFull) return Promise.reject(new Error("no space left on device"));
      const names = certificateRequests.map(({ host, resolver }) => `${host} by ${resolver}`);
      if (names.join() !== open.join()) log.push(`asking [${names.join(", ")}]`);
      open = names;
      most = Math.max(most, names.length);
      const text = `secured [${secured?.join(", ")}]`;
      if (secured !== undefined && text !== last) log.push((last = text));
      return Promise.resolve();
    },
    confirm: ({ routers }) => {
      if (isAway) throw new UserError("traefik: does not run", { hint: "start it" });
      for (const name of routers) order(name.replace(/^certificate-(.*)@file$/, "$1"));
      return Promise.resolve();
    },
    refusal: (host) => Promise.resolve(refusals.get(host)),
  };
  let manager = new CertificateManager(ports);
  return {
    clock,
    log,
    served,
    /** By host, or by challenge and host. */
    troubles,
    refusals,
    silent,
    manual,
    certificate,
    asked: (host: string): number => asked.get(host) ?? 0,
    /** Hosts that are served over http alone. */
    serveHttp: (next: readonly string[]) => void (plain = next),
    want: (next: readonly string[]) => void (wanted = next),
    fillDisk: (full: boolean) => void (isDiskFull = full),
    /** Hosts that stand in the file and ask now, and the most that did at a time. */
    open: () => open,
    most: () => most,
    goAway: (away: boolean) => void (isAway = away),
    manager: () => manager,
    record: (host: string) => stored.get(host),
    store: (record: HostRecord) => void stored.set(record.host, record),
    /** A worker that starts on what an earlier one has stored. */
    restart: () => {
      manager = new CertificateManager(ports);
    },
    /** Runs the planned check of all hosts every minute. */
    live: async (minutes: number) => {
      for (let minute = 0; minute < minutes; minute += 1) {
        // oxlint-disable-next-line no-await-in-loop
        await clock.sleep(60_000);
        // oxlint-disable-next-line no-await-in-loop
        await manager.checkNow(wanted, "planned");
      }
    },
  };
}
