import { coversHost, issuerName, namesOf } from "../../core/certificates/manual-certificate.ts";
import { acmeReason } from "../../core/certificates/acme/reason.ts";
import { readAcmeFailures } from "../../core/certificates/acme/log.ts";
import type { Served, Trouble } from "../../core/certificates/record.ts";
import { nameBelow } from "../../core/certificates/wanted.ts";
import { traefikContainerName } from "../../core/release/names.ts";
import { redactor } from "../../core/redact.ts";
import { instancePaths, reachable } from "../../core/server/instance.ts";
import { servedCertificate } from "../../adapters/certificates/served-certificate.ts";
import type { StampedLine } from "../../adapters/engines/docker/recent-log.ts";
import { readIfThere } from "../../adapters/files.ts";
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

/** Reads in Traefik's log why a CA has refused; Traefik tells nobody else. Hosts that ask at the same time share one reading. */
export function refusalSince({
  config,
  clock,
  engineSocket,
}: Pick<CertificateParts, "config" | "clock" | "engineSocket">): CertificatePorts["refusal"] {
  const name = traefikContainerName(config.instance);
  const read = async (at: number): Promise<readonly StampedLine[]> => {
    const { recentLog } = await import("../../adapters/engines/docker/recent-log.ts");
    return recentLog(engineSocket, { name, since: at });
  };
  let last = { at: 0, since: Infinity, lines: Promise.resolve<readonly StampedLine[]>([]) };
  return async (host, since) => {
    const now = clock.now();
    if (now - last.at > sharedMs || since < last.since) {
      const lines = read(since).catch(() => []);
      last = { at: now, since, lines };
    }
    const lines = (await last.lines).filter(({ at }) => at >= since).map(({ text }) => text);
    const failure = readAcmeFailures(lines.join("\n")).findLast(({ hosts }) =>
      hosts.includes(host),
    );
    if (failure === undefined) return undefined;
    return withoutSecrets(acmeReason(failure.error), await providerSecrets(config));
  };
}

const sharedMs = 300;

/** What a DNS provider answers may hold what it was asked with. */
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

async function providerSecrets(config: CertificateParts["config"]): Promise<readonly string[]> {
  const text = (await readIfThere(instancePaths(config).dnsEnv))?.toString("utf8") ?? "";
  return text.split("\n").map((line) => line.slice(line.indexOf("=") + 1).trim());
}
