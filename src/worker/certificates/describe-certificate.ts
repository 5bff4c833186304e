import { X509Certificate } from "node:crypto";
import { issuerName, namesOf } from "../../core/certificates/manual-certificate.ts";
import type { HostRecord } from "../../core/certificates/record.ts";
import type { WantedHost } from "../../core/certificates/wanted.ts";
import type { CertificateInfo } from "../../core/wire/results.ts";
import { readOwnPairs } from "../../adapters/state/certificates.ts";
import type { State } from "../../adapters/state/state.ts";
import { notShown } from "./manual-certificates.ts";
import { command, hint, hintFields, hintOf } from "../../core/hints.ts";

/** What a client is told of a host. */
export function certificateInfo({ services }: WantedHost, record: HostRecord): CertificateInfo {
  const { host, phase, secured, served, trouble, next } = record;
  const state = phase === "new" ? "asking" : phase;
  return {
    host,
    services,
    state,
    ...(served !== undefined && {
      certificate: { issuer: served.issuer, from: served.from, until: served.until },
    }),
    ...(trouble !== undefined && withoutLimit(trouble)),
    ...(!secured && (state === "waiting" || state === "failed") && { nextTry: next }),
  };
}

const withoutLimit = ({ about, reason, ...more }: NonNullable<HostRecord["trouble"]>) => ({
  about,
  reason,
  ...hintFields(hintOf(more)),
});

/** A certificate that was added by hand. */
export interface OwnInfo {
  readonly host: string;
  readonly names: readonly string[];
  readonly issuer: string;
  readonly from: number;
  readonly until: number;
}

export const ownInfos = (state: State): readonly OwnInfo[] =>
  readOwnPairs(state).map(({ host, certificate }) => {
    const parsed = new X509Certificate(certificate);
    const [from, until] = [Date.parse(parsed.validFrom), Date.parse(parsed.validTo)];
    return { host, names: namesOf(parsed), issuer: issuerName(parsed), from, until };
  });

/** One that no service has a use for now. */
export const unusedInfo = ({ host, issuer, from, until }: OwnInfo): CertificateInfo => ({
  host,
  services: [],
  state: "own",
  certificate: { issuer, from, until },
  unused: true,
});

/** Where one that was added is not what is shown, that is said too. */
export function besideOwn(info: CertificateInfo, { until }: OwnInfo, now: number): CertificateInfo {
  const { host, state, certificate, reason } = info;
  if (state === "own") return info;
  if (until <= now) {
    const ended = `the certificate that was added ended on ${new Date(until).toISOString().slice(0, 10)}`;
    return {
      ...info,
      reason: reason === undefined ? ended : `${ended}; ${reason}`,
      ...hintFields(
        hint`bring a newer one: ${command(`cert add ${host} fullchain.pem key.pem`)}, or leave it to the CA: ${command(`cert remove ${host}`)}`,
      ),
    };
  }
  return state === "issued" && certificate !== undefined
    ? { ...info, ...notShown(host, certificate.issuer) }
    : info;
}
