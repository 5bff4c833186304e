import { X509Certificate } from "node:crypto";
import { rootCertificates } from "node:tls";
import { checkOwn, coversHost, namesKey, namesOf } from "../../core/certificates/own.ts";
import { UserError } from "../../core/errors.ts";
import type { CertificateInfo } from "../../core/wire/results.ts";
import type { Clock } from "../../deploy/ports.ts";
import { putOwnPair, readOwnPairs, removeOwnPair } from "../../adapters/state/certificates.ts";
import type { State } from "../../adapters/state/state.ts";
import type { TraefikRouter } from "../../adapters/traefik/router.ts";
import { ownKeyPairs } from "./facts.ts";
import type { CertificatePorts } from "./ports.ts";

/** A certificate that somebody brings, as PEM, and the host that it is for. */
export interface OwnFiles {
  readonly host: string;
  readonly certificate: string;
  readonly privateKey: string;
}

interface OwnParts {
  readonly state: State;
  readonly clock: Clock;
  readonly router: Pick<TraefikRouter, "serve">;
  readonly look: CertificatePorts["look"];
}

const shownMs = 5_000;
const pollMs = 100;

/** Keeps a certificate that fits and waits until Traefik shows it; throws UserError "bad-certificate", and then what was there before stays. */
export async function addOwn(
  { state, clock, router, look }: OwnParts,
  { host, certificate, privateKey }: OwnFiles,
): Promise<{ readonly info: CertificateInfo; readonly covers: (host: string) => boolean }> {
  const now = clock.now();
  const own = checkOwn({ host, certificate, privateKey, now, roots: rootCertificates });
  const { fingerprint, issuer, from, until, names } = own;
  // Traefik would show any one of several with the same names.
  for (const { host: other, certificate: pem } of readOwnPairs(state))
    if (namesKey(namesOf(new X509Certificate(pem))) === namesKey(names))
      removeOwnPair(state, other);
  putOwnPair(state, {
    host,
    certificate: own.chain,
    privateKey: own.privateKey,
    fingerprint,
    added: now,
  });
  await router.serve({ ownCertificates: ownKeyPairs(state, now) });
  const covers = (one: string): boolean => coversHost(names, one);
  const info = { host, services: [], state: "own", certificate: { issuer, from, until } } as const;
  for (;;) {
    // oxlint-disable-next-line no-await-in-loop
    const served = await look(host);
    if (served?.fingerprint === fingerprint) return { info, covers };
    if (clock.now() - now > shownMs)
      return { info: { ...info, ...notShown(host, served?.issuer) }, covers };
    // oxlint-disable-next-line no-await-in-loop
    await clock.sleep(pollMs);
  }
}

/** Traefik tells certificates apart by their names, and shows any one of several with the same. */
export const notShown = (host: string, issuer: string | undefined) => ({
  about: "not shown",
  reason:
    issuer === undefined
      ? "Traefik does not answer; it will show it once it does"
      : `Traefik shows the certificate of ${issuer} for ${host}, which it has for the same names`,
  hint: "run on the server: sudo mypaas init",
});

/** Forgets the certificate that was added for a host, or that has it among its names; throws UserError "no-certificate" when there is none. */
export async function removeOwn(
  { state, clock, router }: Pick<OwnParts, "state" | "clock" | "router">,
  host: string,
): Promise<void> {
  const all = readOwnPairs(state);
  const fitting =
    all.find((one) => one.host === host) ??
    all.find(({ certificate }) => namesOf(new X509Certificate(certificate)).includes(host));
  if (fitting === undefined)
    throw new UserError(`certificate ${host}: none was added by hand`, {
      code: "no-certificate",
      hint: "see which were: mypaas cert",
    });
  removeOwnPair(state, fitting.host);
  await router.serve({ ownCertificates: ownKeyPairs(state, clock.now()) });
}
