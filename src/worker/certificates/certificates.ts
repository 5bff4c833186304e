import { UserError } from "../../core/errors.ts";
import { coversHost } from "../../core/certificates/own.ts";
import { newRecord } from "../../core/certificates/record.ts";
import { wantedHosts, type WantedHost } from "../../core/certificates/wanted.ts";
import { acmeOf } from "../../core/server/acme.ts";
import type { InstanceConfig } from "../../core/server/instance.ts";
import type { Say } from "../../core/wire/events.ts";
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
import { challengesOf, ownNames } from "./facts.ts";
import { certificateInfo } from "./infos.ts";
import { createKeeper, type Keeper } from "./keeper.ts";
import { refusalSince, servedAt } from "./looks.ts";
import { addOwn, notShown, removeOwn, type OwnFiles } from "./own.ts";
import { preflight } from "./preflight.ts";
import { settleCertificates } from "./settle.ts";

/** Everything about certificates that a worker does: it looks after those of a CA by itself, and takes those that people bring. */
export interface Certificates extends Pick<Keeper, "start" | "stop" | "foresee"> {
  readonly list: () => CertificateList;
  readonly add: (files: OwnFiles) => Promise<CertificateInfo>;
  /** Throws UserError "no-certificate" when none was added for that host. */
  readonly remove: (host: string) => Promise<void>;
  /** Asks now, for one host or for all without a certificate, and waits a while for the answer; throws UserError "unknown-host". */
  readonly retry: (host: string | undefined) => Promise<readonly CertificateInfo[]>;
  /** Says how these hosts stand after a deploy; never rejects. */
  readonly settle: (
    hosts: readonly string[],
    voice: { readonly say: Say; readonly signal: AbortSignal },
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
  const keeper = createKeeper({
    clock,
    wanted,
    challenges: challengesOf(config),
    records: {
      read: () => readHostRecords(state),
      put: (record) => putHostRecord(state, record),
      remove: (host) => removeHostRecord(state, host),
    },
    own: () => new Set(readOwnPairs(state).map(({ fingerprint }) => fingerprint)),
    look,
    preflight: preflight(parts),
    serve: (facts) => router.serve(facts),
    confirm: (...asked) => router.confirm(...asked),
    refusal: refusalSince(parts),
  });
  const infos = (): readonly CertificateInfo[] => {
    const records = keeper.records();
    const brought = ownNames(state);
    return wanted().map((one) => {
      const record = records.find(({ host }) => host === one.host);
      const info = certificateInfo(one, record ?? newRecord(one.host, clock.now()));
      const isHidden = info.state === "issued" && coversHost(brought, one.host);
      return isHidden ? { ...info, ...notShown(one.host, info.certificate?.issuer) } : info;
    });
  };
  const infoOf = (host: string): CertificateInfo | undefined =>
    infos().find((one) => one.host === host);

  return {
    start: () => keeper.start(),
    stop: () => keeper.stop(),
    // Whatever is wrong with the state is said by the deploy itself.
    foresee: (hosts) => keeper.foresee(hosts).catch(() => undefined),
    list: () => ({
      certificates: infos(),
      ...(config.email !== undefined && {
        acme: { server: acmeOf(config).server, email: config.email },
      }),
    }),
    add: async (files) => {
      const added = await addOwn({ state, clock, router, look }, files);
      const covered = wanted().filter(({ host }) => added.covers(host));
      await keeper.attend(
        covered.map(({ host }) => host),
        "look",
      );
      return infoOf(files.host) ?? added.info;
    },
    remove: async (host) => {
      await removeOwn({ state, router }, host);
      // Whoever lost it asks a CA, which nobody has to wait for.
      void keeper
        .attend(
          wanted().map((one) => one.host),
          "look",
        )
        .catch(() => undefined);
    },
    retry: async (host) => {
      const open = infos().filter((one) => host === undefined || one.host === host);
      if (host !== undefined && open.length === 0) throw unknown(host);
      const names = open.map((one) => one.host);
      const done = keeper.attend(names, "retry");
      await Promise.race([done, clock.sleep(retryMs)]);
      done.catch(() => undefined);
      return infos().filter((one) => names.includes(one.host));
    },
    settle: (hosts, voice) => settleCertificates({ clock, keeper, infos }, hosts, voice),
  };
}

const unknown = (host: string): UserError =>
  new UserError(`certificate ${host}: no service wants https there`, {
    code: "unknown-host",
    hint: "see which hosts do: mypaas cert",
  });
