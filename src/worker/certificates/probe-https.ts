import { coversHost, issuerName, namesOf } from "../../core/certificates/manual-certificate.ts";
import { acmeReason } from "../../core/certificates/acme/reason.ts";
import { readAcmeFailures } from "../../core/certificates/acme/log.ts";
import type { Served, Trouble } from "../../core/certificates/record.ts";
import { nameInWildcard } from "../../core/certificates/wanted.ts";
import { traefikContainerName } from "../../core/release/names.ts";
import { redactor } from "../../core/redact.ts";
import { instancePaths, type InstanceConfig } from "../../core/server/instance.ts";
import { reachableAt } from "../../core/server/listening.ts";
import { servedCertificate } from "../../adapters/certificates/served-certificate.ts";
import type { StampedLine } from "../../adapters/engines/docker/recent-log.ts";
import { readIfThere } from "../../adapters/files.ts";
import type { CertificateParts, CertificatePorts } from "./ports.ts";

/** Reads the certificate that a client would get. */
export function httpsProbe({ config, clock }: CertificateParts): CertificatePorts["probe"] {
  const entry = { host: reachableAt(config), httpsPort: config.httpsPort };
  return async (host): Promise<Served | undefined> => {
    const name = nameInWildcard(host);
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

/** Reads the CA's refusal in Traefik's log, its only source. Hosts that wait at the same time share one reading. */
export function refusalSince(parts: CertificateParts): CertificatePorts["refusal"] {
  const { config, clock, engineSocket } = parts;
  const name = traefikContainerName(config.instance);
  const read = async (at: number): Promise<readonly StampedLine[]> => {
    const { recentLog } = await import("../../adapters/engines/docker/recent-log.ts");
    return recentLog(engineSocket, { name, since: at });
  };
  let last = { at: 0, since: Infinity, lines: Promise.resolve<readonly StampedLine[]>([]) };
  return async (host, since) => {
    const now = clock.now();
    if (now - last.at > sharedMs || since < last.since)
      last = { at: now, since, lines: read(since).catch(() => []) };
    const lines = (await last.lines).filter(({ at }) => at >= since).map(({ text }) => text);
    const failures = readAcmeFailures(lines.join("\n"));
    const failure = failures.findLast(({ hosts }) => hosts.includes(host));
    if (failure === undefined) return undefined;
    return withoutSecrets(acmeReason(failure.error), await providerSecrets(config));
  };
}

const sharedMs = 300;

/** The answer of a DNS provider may hold its credentials. */
function withoutSecrets(trouble: Trouble, secrets: readonly string[]): Trouble {
  const redact = redactor(secrets);
  const { reason, hint, hintParts } = trouble;
  return {
    ...trouble,
    reason: redact(reason),
    ...(hint !== undefined && { hint: redact(hint) }),
    ...(hintParts !== undefined && { hintParts: hintParts.map(redact) }),
  };
}

async function providerSecrets(config: InstanceConfig): Promise<readonly string[]> {
  const text = (await readIfThere(instancePaths(config).dnsEnv))?.toString("utf8") ?? "";
  return text.split("\n").map((line) => line.slice(line.indexOf("=") + 1).trim());
}
