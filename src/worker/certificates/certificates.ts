import { UserError } from "../../core/errors.ts";
import { coversHost } from "../../core/certificates/manual-certificate.ts";
import { wantedHosts, type WantedHost } from "../../core/certificates/wanted.ts";
import { acmeOf } from "../../core/server/acme.ts";
import type { InstanceConfig } from "../../core/server/instance.ts";
import type { Event, Say } from "../../core/wire/events.ts";
import type { CertificateInfo, CertificateList } from "../../core/wire/results.ts";
import type { Clock } from "../../deploy/ports.ts";
import {
  putHostRecord,
  readHostRecords,
  readOwnPairs,
  removeHostRecord,
} from "../../adapters/state/certificates.ts";
import { liveReleases } from "../../adapters/state/releases.ts";
import type { State } from "../../adapters/state/state.ts";
import type { TraefikRouter } from "../../adapters/traefik/router.ts";
import { challengesOf, ownKeyPairs } from "./server-facts.ts";
import { forgetOtherCa } from "./changed-ca.ts";
import {
  besideOwn,
  certificateInfo,
  ownInfos,
  unusedInfo,
  type OwnInfo,
} from "./describe-certificate.ts";
import { createCertificateManager, type CertificateManager } from "./manager.ts";
import { refusalSince, servedAt } from "./probe-https.ts";
import { addOwn, removeOwn, type OwnFiles } from "./manual-certificates.ts";
import { preflight } from "./preflight.ts";
import { settleCertificates } from "./await-certificates.ts";
import { settledWithin } from "./ended-within.ts";
import { command, hint } from "../../core/hints.ts";

/** Everything about certificates that a worker does: it looks after those of a CA by itself, and takes those that people bring. */
export interface Certificates extends Pick<CertificateManager, "start" | "stop" | "requestEarly"> {
  readonly list: () => CertificateList;
  readonly add: (files: OwnFiles) => Promise<CertificateInfo>;
  /** Throws UserError "no-certificate" when none was added for that host. */
  readonly remove: (host: string) => Promise<void>;
  /** Asks now, for one host or for all without a certificate, and waits a while for the answer; throws UserError "unknown-host". */
  readonly retry: (host: string | undefined) => Promise<readonly CertificateInfo[]>;
  /** Says how the hosts of a deploy stand, and which of those that it has left for http browsers still know; never rejects. */
  readonly settle: (
    hosts: readonly string[],
    voice: {
      readonly say: Say;
      readonly signal: AbortSignal;
      /** Those of the hosts that had no certificate when the deploy began. */
      readonly requestedEarly: readonly string[];
      readonly left: readonly string[];
    },
  ) => Promise<void>;
}

export interface CertificateParts {
  readonly state: State;
  readonly config: InstanceConfig;
  readonly clock: Clock;
  readonly router: TraefikRouter;
  readonly engineSocket: string;
}

/** Below what a client waits for an answer. */
const retryMs = 20_000;

export function openCertificates(parts: CertificateParts): Certificates {
  const { state, config, clock, router } = parts;
  const wanted = (): readonly WantedHost[] =>
    wantedHosts(
      liveReleases(state).map(({ release }) => release),
      config.email === undefined ? undefined : config.domain,
    );
  const look = servedAt(parts);
  forgetOtherCa(parts);
  const manager = createCertificateManager({
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
    own: () => new Set(readOwnPairs(state).map(({ fingerprint }) => fingerprint)),
    ownPairs: () => ownKeyPairs(state, clock.now()),
    look,
    preflight: preflight(parts),
    serve: (facts) => router.serve(facts),
    confirm: (...asked) => router.confirm(...asked),
    refusal: refusalSince(parts),
  });
  const infos = (): readonly CertificateInfo[] => {
    const brought = ownInfos(state);
    return wanted().map((one) => {
      const info = certificateInfo(one, manager.record(one.host));
      const own = brought.find(({ names }) => coversHost(names, one.host));
      return own === undefined ? info : besideOwn(info, own, clock.now());
    });
  };
  const isUnused = ({ names }: OwnInfo): boolean =>
    wanted().every(({ host }) => !coversHost(names, host));

  return {
    start: () => manager.start(),
    stop: () => manager.stop(),
    // Whatever is wrong with the state is said by the deploy itself.
    requestEarly: (hosts) => manager.requestEarly(hosts).catch(() => []),
    list: () => {
      const shown = infos();
      return {
        certificates: [...shown, ...ownInfos(state).filter(isUnused).map(unusedInfo)],
        ...(config.email !== undefined && { acme: { server: acmeOf(config).server } }),
      };
    },
    add: async (files) => {
      const added = await addOwn({ state, clock, router, look }, files);
      await manager.checkNow(
        wanted().map(({ host }) => host),
        "look",
      );
      const shown = infos().find(({ host }) => host === files.host);
      if (shown !== undefined) return shown;
      const own = ownInfos(state).find(({ host }) => host === files.host);
      return own !== undefined && isUnused(own) ? unusedInfo(own) : added;
    },
    remove: async (host) => {
      await removeOwn({ state, clock, router, look }, host);
      // Whoever lost it asks a CA, which nobody has to wait for.
      void manager
        .checkNow(
          wanted().map((one) => one.host),
          "look",
        )
        .catch(() => undefined);
    },
    retry: async (host) => {
      const open = infos().filter((one) => host === undefined || one.host === host);
      if (host !== undefined && open.length === 0) throw unknown(host);
      const names = open.map((one) => one.host);
      const done = manager.checkNow(names, "retry");
      if (await settledWithin(clock, done, { ms: retryMs })) await done;
      return infos().filter((one) => names.includes(one.host));
    },
    settle: async (hosts, voice) => {
      for (const host of voice.left) if (manager.record(host).secured) voice.say(stillBound(host));
      await settleCertificates({ clock, manager, infos }, hosts, voice);
    },
  };
}

const unknown = (host: string): UserError =>
  new UserError(`certificate ${host}: no service wants https there`, {
    code: "unknown-host",
    hint: hint`see which hosts do: ${command("cert")}`,
  });

const stillBound = (host: string): Event => ({
  kind: "note",
  text: `${host} is served over http now; browsers that know it over https are answered there too, and let go, as long as its certificate lasts`,
});
