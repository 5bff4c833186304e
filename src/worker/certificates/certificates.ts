import { createHash } from "node:crypto";
import { hint, command } from "../../core/hints.ts";
import { UserError } from "../../core/errors.ts";
import { coversHost } from "../../core/certificates/manual-certificate.ts";
import { withOtherCa } from "../../core/certificates/record.ts";
import { wantedHosts, type WantedHost } from "../../core/certificates/wanted.ts";
import { acmeOf } from "../../core/server/acme.ts";
import type { CertificateInfo, CertificateList } from "../../core/actions/certificates.ts";
import type { Event } from "../../core/wire/events.ts";
import {
  putHostRecord,
  readHostRecords,
  readOwnPairs,
  removeHostRecord,
} from "../../adapters/state/certificates.ts";
import { readMeta, writeMeta } from "../../adapters/state/meta.ts";
import { liveReleases } from "../../adapters/state/releases.ts";
import { awaitCertificates, type DeployReport } from "./await-certificates.ts";
import { challengesOf, manualKeyPairs } from "./server-facts.ts";
import {
  certificateInfo,
  manualInfos,
  unusedInfo,
  withManual,
  type ManualInfo,
} from "./describe-certificate.ts";
import { CertificateManager } from "./manager.ts";
import { refusalSince, httpsProbe } from "./probe-https.ts";
import { addManual, removeManual, type ManualFiles } from "./manual-certificates.ts";
import { preflight } from "./preflight.ts";
import { endedWithin } from "../ended-within.ts";
import type { CertificateParts, CertificatePorts } from "./ports.ts";

/** The certificates of a worker: those of the CA, which it gets by itself, and the manual ones. */
export interface Certificates extends Pick<CertificateManager, "start" | "stop" | "requestEarly"> {
  readonly list: () => CertificateList;
  /** Throws UserError "bad-certificate". */
  readonly add: (files: ManualFiles) => Promise<CertificateInfo>;
  /** Throws UserError "no-certificate" when the host has no manual certificate. */
  readonly remove: (host: string) => Promise<void>;
  /** Requests the certificate of one host now, or all that are missing, and waits up to 20 s. Throws UserError "unknown-host". */
  readonly retry: (host: string | undefined) => Promise<readonly CertificateInfo[]>;
  /** Reports the certificates of a live deploy as events; never rejects. */
  readonly report: (hosts: readonly string[], deploy: DeployReport) => Promise<void>;
}

/** Less than a client waits for an answer. */
const retryMs = 20_000;

export function openCertificates(parts: CertificateParts): Certificates {
  const { state, config, clock, router } = parts;
  const wanted = (): readonly WantedHost[] =>
    wantedHosts(
      liveReleases(state).map(({ release }) => release),
      config.email === undefined ? undefined : config.domain,
    );
  const probe = httpsProbe(parts);
  forgetOtherCa(parts);
  const manager = new CertificateManager(managerPorts(parts, wanted, probe));
  const hosts = () => wanted().map(({ host }) => host);
  const checkAll = () => manager.checkNow(hosts(), "planned");
  const infos = () => wantedInfos(parts, wanted(), manager);
  const isUnused = ({ names }: ManualInfo): boolean =>
    wanted().every(({ host }) => !coversHost(names, host));

  return {
    start: () => manager.start(),
    stop: () => manager.stop(),
    // The deploy itself reports an error of the state.
    requestEarly: (early) => manager.requestEarly(early).catch(() => []),
    list: () => ({
      certificates: [...infos(), ...manualInfos(state).filter(isUnused).map(unusedInfo)],
      ...(config.email !== undefined && { acme: { server: acmeOf(config).server } }),
    }),
    add: async (files) => {
      const added = await addManual({ state, clock, router, probe }, files);
      await checkAll();
      const shown = infos().find(({ host }) => host === files.host);
      if (shown !== undefined) return shown;
      const manual = manualInfos(state).find(({ host }) => host === files.host);
      return manual !== undefined && isUnused(manual) ? unusedInfo(manual) : added;
    },
    remove: async (host) => {
      await removeManual({ state, clock, router, probe }, host);
      // Requests the certificate of a CA in its place; the command does not wait for it.
      void checkAll().catch(() => undefined);
    },
    retry: async (host) => {
      const names = hosts().filter((name) => host === undefined || name === host);
      if (host !== undefined && names.length === 0) throw unknown(host);
      const done = manager.checkNow(names, "retry");
      if (await endedWithin(clock, done, { ms: retryMs })) await done;
      return infos().filter((one) => names.includes(one.host));
    },
    report: async (ofDeploy, deploy) => {
      for (const host of deploy.movedToHttp)
        if (manager.record(host).secured) deploy.say(stillOnHttps(host));
      await awaitCertificates({ clock, manager, infos }, ofDeploy, deploy);
    },
  };
}

/** Resets the records of all hosts when init has named another CA, email address or DNS provider. */
function forgetOtherCa({ state, config, clock }: CertificateParts): void {
  const { email, resolvers, addresses } = config;
  const settings = JSON.stringify({ ...acmeOf(config), email, resolvers, addresses });
  const digest = createHash("sha256").update(settings).digest("hex");
  if (readMeta(state, "acme") === digest) return;
  state.transaction(() => {
    for (const record of readHostRecords(state))
      putHostRecord(state, withOtherCa(record, clock.now()));
    writeMeta(state, "acme", digest);
  });
}

/** The wanted hosts for the client, with their manual certificates. */
function wantedInfos(
  { state, clock }: CertificateParts,
  wanted: readonly WantedHost[],
  manager: CertificateManager,
): readonly CertificateInfo[] {
  const manual = manualInfos(state);
  return wanted.map((one) => {
    const info = certificateInfo(one, manager.record(one.host));
    const covering = manual.find(({ names }) => coversHost(names, one.host));
    return covering === undefined ? info : withManual(info, covering, clock.now());
  });
}

function managerPorts(
  parts: CertificateParts,
  wanted: CertificatePorts["wanted"],
  probe: CertificatePorts["probe"],
): CertificatePorts {
  const { state, config, clock, router } = parts;
  return {
    clock,
    wanted,
    servedHosts: () =>
      liveReleases(state).flatMap(({ release }) => release.spec.routes.map(({ host }) => host)),
    challenges: challengesOf(config),
    records: {
      read: () => readHostRecords(state),
      put: (record) => putHostRecord(state, record),
      remove: (host) => removeHostRecord(state, host),
    },
    manualFingerprints: () => new Set(readOwnPairs(state).map(({ fingerprint }) => fingerprint)),
    manualPairs: () => manualKeyPairs(state, clock.now()),
    probe,
    preflight: preflight(parts),
    serve: (facts) => router.serve(facts),
    confirm: (...expected) => router.confirm(...expected),
    refusal: refusalSince(parts),
  };
}

const unknown = (host: string): UserError =>
  new UserError(`certificate ${host}: no service has an https route there`, {
    code: "unknown-host",
    hint: hint`see which hosts have one: ${command("cert")}`,
  });

const stillOnHttps = (host: string): Event => ({
  kind: "note",
  text: `${host} is served over http now; https answers too and switches HSTS off until its certificate ends`,
});
