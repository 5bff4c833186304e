import type { HostRecord } from "../../core/certificates/record.ts";
import type { WantedHost } from "../../core/certificates/wanted.ts";
import type { CertificateInfo } from "../../core/wire/results.ts";

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

const withoutLimit = ({ about, reason, hint }: NonNullable<HostRecord["trouble"]>) => ({
  about,
  reason,
  ...(hint !== undefined && { hint }),
});
