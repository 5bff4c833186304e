import { rootCertificates } from "node:tls";
import { checkOwn, coversHost, namesKey } from "../../core/certificates/manual-certificate.ts";
import type { Served } from "../../core/certificates/record.ts";
import { UserError } from "../../core/errors.ts";
import type { CertificateInfo } from "../../core/wire/results.ts";
import type { Clock } from "../../deploy/ports.ts";
import {
  putOwnPair,
  readCertificate,
  readOwnPairs,
  removeOwnPair,
  type OwnPair,
} from "../../adapters/state/certificates.ts";
import type { State } from "../../adapters/state/state.ts";
import type { TraefikRouter } from "../../adapters/traefik/router.ts";
import { ownKeyPairs } from "./server-facts.ts";
import type { CertificatePorts } from "./ports.ts";
import { command, hint, hintText } from "../../core/hints.ts";

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

/** Keeps a certificate that fits and waits until Traefik shows it; throws UserError "bad-certificate" where it does not fit or Traefik cannot load it, and then what was there before stays. */
export async function addOwn(
  parts: OwnParts,
  { host, certificate, privateKey }: OwnFiles,
): Promise<CertificateInfo> {
  const { state, clock, router } = parts;
  const now = clock.now();
  const own = checkOwn({ host, certificate, privateKey, now, roots: rootCertificates });
  const { chain, fingerprint, issuer, from, until, names } = own;
  const before = readOwnPairs(state);
  const same = before.filter((one) => namesKey(namesIn(one)) === namesKey(names));
  state.transaction(() => {
    // Traefik would show any one of several with the same names.
    for (const one of same) removeOwnPair(state, one.host);
    const pair = { host, certificate: chain, privateKey: own.privateKey, fingerprint };
    putOwnPair(state, { ...pair, added: now });
  });
  await router.serve({ ownCertificates: ownKeyPairs(state, now) });
  const isThis = (one: Served | undefined): boolean => one?.fingerprint === fingerprint;
  const served = await lookUntil(parts, host, isThis);
  const info = { host, services: [], state: "own", certificate: { issuer, from, until } } as const;
  if (served === undefined || served.fingerprint === fingerprint) return info;
  if (served.isValid) return { ...info, ...notShown(host, served.issuer) };
  state.transaction(() => {
    removeOwnPair(state, host);
    for (const one of before) putOwnPair(state, one);
  });
  await router.serve({ ownCertificates: ownKeyPairs(state, now) });
  throw new UserError(`certificate ${host}: Traefik does not load it`, {
    code: "bad-certificate",
    hint: "see why, on the server: docker logs --since 1m mypaas-traefik",
  });
}

/** What Traefik shows once it is what is waited for, or in the end; undefined while it does not answer. */
async function lookUntil(
  { clock, look }: Pick<OwnParts, "clock" | "look">,
  host: string,
  isWanted: (served: Served | undefined) => boolean,
): Promise<Served | undefined> {
  const begun = clock.now();
  for (;;) {
    // oxlint-disable-next-line no-await-in-loop
    const served = await look(host);
    if (isWanted(served) || clock.now() - begun > shownMs) return served;
    // oxlint-disable-next-line no-await-in-loop
    await clock.sleep(pollMs);
  }
}

const namesIn = (pair: OwnPair): readonly string[] => readCertificate(pair).names;

/** Traefik tells certificates apart by their names, and shows any one of several with the same. */
export const notShown = (host: string, issuer: string) => ({
  about: "not shown",
  reason: `Traefik shows the certificate of ${issuer} for ${host}, which it has for the same names`,
  hint: hintText(
    hint`run on the server: sudo ${command("init")}; it restarts Traefik, which closes its ports for a moment`,
  ),
});

/** Forgets the certificate that was added for a host, or that has it among its names, and waits until Traefik shows it no more; throws UserError "no-certificate" when there is none. */
export async function removeOwn(parts: OwnParts, host: string): Promise<void> {
  const { state, clock, router } = parts;
  const all = readOwnPairs(state);
  const fitting =
    all.find((one) => one.host === host) ??
    all.find((one) => namesIn(one).includes(host)) ??
    all.find((one) => coversHost(namesIn(one), host));
  if (fitting === undefined)
    throw new UserError(`certificate ${host}: none was added by hand`, {
      code: "no-certificate",
      hint: hint`see which were: ${command("cert")}`,
    });
  removeOwnPair(state, fitting.host);
  await router.serve({ ownCertificates: ownKeyPairs(state, clock.now()) });
  // Until then it would pass for one of the CA.
  await lookUntil(parts, fitting.host, (one) => one?.fingerprint !== fitting.fingerprint);
}
