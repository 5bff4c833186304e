import { command, hint, hintFields, hintOf } from "../../core/hints.ts";
import { X509Certificate } from "node:crypto";
import { issuerName, namesOf } from "../../core/certificates/manual-certificate.ts";
import type { HostRecord, Served } from "../../core/certificates/record.ts";
import type { WantedHost } from "../../core/certificates/wanted.ts";
import type { CertificateInfo } from "../../core/actions/certificates.ts";
import { readOwnPairs } from "../../adapters/state/certificates.ts";
import type { State } from "../../adapters/state/state.ts";
import { otherShown } from "./manual-certificates.ts";

/** A host's certificate for the client. */
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
    ...(trouble !== undefined && {
      about: trouble.about,
      reason: trouble.reason,
      ...hintFields(hintOf(trouble)),
    }),
    ...(!secured && (state === "waiting" || state === "failed") && { nextTry: next }),
  };
}

/** A manual certificate. */
export interface ManualInfo extends Pick<Served, "issuer" | "from" | "until"> {
  readonly host: string;
  readonly names: readonly string[];
}

export const manualInfos = (state: State): readonly ManualInfo[] =>
  readOwnPairs(state).map(({ host, certificate }) => {
    const parsed = new X509Certificate(certificate);
    const [from, until] = [Date.parse(parsed.validFrom), Date.parse(parsed.validTo)];
    return { host, names: namesOf(parsed), issuer: issuerName(parsed), from, until };
  });

/** A manual certificate that no service uses now. */
export const unusedInfo = ({ host, issuer, from, until }: ManualInfo): CertificateInfo => ({
  host,
  services: [],
  state: "own",
  certificate: { issuer, from, until },
  unused: true,
});

/** Adds a reason when Traefik serves another certificate than the manual one. */
export function withManual(
  info: CertificateInfo,
  { until }: ManualInfo,
  now: number,
): CertificateInfo {
  const { host, state, certificate, reason } = info;
  if (state === "own") return info;
  if (until <= now) {
    const ended = `the manual certificate ended on ${new Date(until).toISOString().slice(0, 10)}`;
    return {
      ...info,
      reason: reason === undefined ? ended : `${ended}; ${reason}`,
      ...hintFields(
        hint`add a newer one: ${command(`cert add ${host} fullchain.pem key.pem`)}, or let the CA issue one: ${command(`cert remove ${host}`)}`,
      ),
    };
  }
  return state === "issued" && certificate !== undefined
    ? { ...info, ...otherShown(host, certificate.issuer) }
    : info;
}
