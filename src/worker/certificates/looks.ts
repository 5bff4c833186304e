import { coversHost, issuerName, namesOf } from "../../core/certificates/own.ts";
import { acmeReason } from "../../core/certificates/acme-reason.ts";
import { readAcmeFailures } from "../../core/certificates/acme-log.ts";
import type { Served } from "../../core/certificates/record.ts";
import { nameBelow } from "../../core/certificates/wanted.ts";
import { traefikContainerName } from "../../core/release/names.ts";
import { reachable } from "../../core/server/instance.ts";
import { servedCertificate } from "../../adapters/certificates/served.ts";
import { recentLog } from "../../adapters/docker/recent-log.ts";
import type { CertificateParts } from "./certificates.ts";
import type { CertificatePorts } from "./ports.ts";

/** Looks at the certificate that a client would be shown. */
export function servedAt({
  config,
  clock,
}: Pick<CertificateParts, "config" | "clock">): CertificatePorts["look"] {
  const entry = { host: reachable(config.bind), httpsPort: config.httpsPort };
  return async (host): Promise<Served | undefined> => {
    const name = nameBelow(host);
    const found = await servedCertificate(entry, name);
    if (found === undefined) return undefined;
    const [from, until] = [Date.parse(found.validFrom), Date.parse(found.validTo)];
    const now = clock.now();
    return {
      issuer: issuerName(found),
      from,
      until,
      fingerprint: found.fingerprint256.replaceAll(":", "").toLowerCase(),
      isValid: coversHost(namesOf(found), name) && from <= now && now < until,
    };
  };
}

/** Reads in Traefik's log why a CA has refused; Traefik tells nobody else. */
export function refusalSince({
  config,
  engineSocket,
}: Pick<CertificateParts, "config" | "engineSocket">): CertificatePorts["refusal"] {
  const name = traefikContainerName(config.instance);
  return async (host, since) => {
    const log = await recentLog(engineSocket, { name, since }).catch(() => "");
    const failure = readAcmeFailures(log).findLast(({ hosts }) => hosts.includes(host));
    return failure && acmeReason(failure.error);
  };
}
