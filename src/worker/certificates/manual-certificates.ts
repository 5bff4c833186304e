import { command, hint, hintText } from "../../core/hints.ts";
import { rootCertificates } from "node:tls";
import { checkManual, coversHost, namesKey } from "../../core/certificates/manual-certificate.ts";
import type { Served } from "../../core/certificates/record.ts";
import { UserError } from "../../core/errors.ts";
import type { ActionOf } from "../../core/actions/actions.ts";
import type { CertificateInfo } from "../../core/actions/certificates.ts";
import {
  putOwnPair,
  readCertificate,
  readOwnPairs,
  removeOwnPair,
  type OwnPair,
} from "../../adapters/state/certificates.ts";
import { manualKeyPairs } from "./server-facts.ts";
import type { CertificateParts, CertificatePorts } from "./ports.ts";

/** A manual certificate in PEM, and its host. */
export type ManualFiles = Omit<ActionOf<"cert.add">, "action">;

interface ManualParts extends Pick<CertificateParts, "state" | "clock" | "router"> {
  readonly probe: CertificatePorts["probe"];
}

const shownMs = 5_000;
const pollMs = 100;

/** Stores a manual certificate and waits until Traefik serves it. Throws UserError "bad-certificate" when it does not fit or does not load; then the old one stays. */
export async function addManual(
  parts: ManualParts,
  { host, certificate, privateKey }: ManualFiles,
): Promise<CertificateInfo> {
  const { state, clock, router } = parts;
  const now = clock.now();
  const checked = checkManual({ host, certificate, privateKey, now, roots: rootCertificates });
  const { chain, fingerprint, issuer, from, until, names } = checked;
  const before = readOwnPairs(state);
  const same = before.filter((one) => namesKey(namesIn(one)) === namesKey(names));
  state.transaction(() => {
    // Traefik would serve any one of several with the same names.
    for (const one of same) removeOwnPair(state, one.host);
    const pair = { host, certificate: chain, privateKey: checked.privateKey, fingerprint };
    putOwnPair(state, { ...pair, added: now });
  });
  await router.serve({ manualCertificates: manualKeyPairs(state, now) });
  const isThis = (one: Served | undefined): boolean => one?.fingerprint === fingerprint;
  const served = await probeUntil(parts, host, isThis);
  const info = { host, services: [], state: "own", certificate: { issuer, from, until } } as const;
  if (served === undefined || served.fingerprint === fingerprint) return info;
  if (served.isValid) return { ...info, ...otherShown(host, served.issuer) };
  state.transaction(() => {
    removeOwnPair(state, host);
    for (const one of before) putOwnPair(state, one);
  });
  await router.serve({ manualCertificates: manualKeyPairs(state, now) });
  throw new UserError(`certificate ${host}: Traefik does not load it`, {
    code: "bad-certificate",
    hint: "see why, on the server: docker logs --since 1m mypaas-traefik",
  });
}

/** Probes until the wanted certificate is served, or the time is over. Undefined without an answer. */
async function probeUntil(
  { clock, probe }: Pick<ManualParts, "clock" | "probe">,
  host: string,
  isWanted: (served: Served | undefined) => boolean,
): Promise<Served | undefined> {
  const begun = clock.now();
  for (;;) {
    const served = await probe(host);
    if (isWanted(served) || clock.now() - begun > shownMs) return served;
    await clock.sleep(pollMs);
  }
}

const namesIn = (pair: OwnPair): readonly string[] => readCertificate(pair).names;

/** Traefik distinguishes certificates by their names, and serves any one of several with the same. */
export const otherShown = (host: string, issuer: string) => ({
  about: "not served",
  reason: `Traefik serves the certificate of ${issuer} for ${host}, which has the same names`,
  hint: hintText(
    hint`run on the server: sudo ${command("init")}; it restarts Traefik, which closes its ports for a moment`,
  ),
});

/** Removes the manual certificate of a host, or one that covers it, and waits until Traefik has dropped it. Throws UserError "no-certificate". */
export async function removeManual(parts: ManualParts, host: string): Promise<void> {
  const { state, clock, router } = parts;
  const all = readOwnPairs(state);
  const fitting =
    all.find((one) => one.host === host) ??
    all.find((one) => namesIn(one).includes(host)) ??
    all.find((one) => coversHost(namesIn(one), host));
  if (fitting === undefined)
    throw new UserError(`certificate ${host}: no manual certificate`, {
      code: "no-certificate",
      hint: hint`list the certificates: ${command("cert")}`,
    });
  removeOwnPair(state, fitting.host);
  await router.serve({ manualCertificates: manualKeyPairs(state, clock.now()) });
  // Until then the old one would count as a certificate of the CA.
  await probeUntil(parts, fitting.host, (one) => one?.fingerprint !== fitting.fingerprint);
}
