import { command, hint, hintFields } from "../../core/hints.ts";
import { isBrokenStorage } from "../../core/certificates/acme/storage.ts";
import type { Trouble } from "../../core/certificates/record.ts";
import type { KeyPair } from "../../core/routing/routing-state.ts";
import { acmeOf, acmeStore } from "../../core/server/acme.ts";
import { isLoopback } from "../../core/server/addresses.ts";
import type { InstanceConfig } from "../../core/server/instance.ts";
import { bindsOf, isEveryAddress } from "../../core/server/listening.ts";
import { readIfThere } from "../../adapters/files.ts";
import { ownAddresses } from "../../adapters/reach.ts";
import {
  readCertificate,
  readHostRecords,
  readOwnPairs,
} from "../../adapters/state/certificates.ts";
import type { State } from "../../adapters/state/state.ts";
import type { Challenge } from "./ports.ts";

/** The challenges of this server, the first choice first; undefined without an email address. */
export function challengesOf(config: InstanceConfig): readonly Challenge[] | undefined {
  if (config.email === undefined) return undefined;
  return acmeOf(config).dnsProvider === undefined ? ["http"] : ["http", "dns"];
}

/** True when the CA can issue certificates for wildcard domains. */
export const hasWildcards = (config: InstanceConfig): boolean =>
  challengesOf(config)?.includes("dns") === true;

/** Names in the manual certificates. */
export const manualNames = (state: State): readonly string[] =>
  readOwnPairs(state).flatMap((pair) => readCertificate(pair).names);

/** The stored hosts that redirect to https, and the manual certificates: Traefik's first configuration. */
export function storedCertificates(state: State, now: number) {
  const secured = readHostRecords(state).filter((one) => one.secured);
  const manualCertificates = manualKeyPairs(state, now);
  return { secured: secured.map(({ host }) => host), manualCertificates };
}

/** Without ended ones: while Traefik has a certificate, it requests no other. */
export const manualKeyPairs = (state: State, now: number): readonly KeyPair[] =>
  readOwnPairs(state)
    .filter((pair) => readCertificate(pair).until > now)
    .map(({ certificate: cert, privateKey: key }) => ({ cert, key }));

/** Known addresses of this server: the configured ones, and the one it listens on, or those of all interfaces. */
export function addressesHere(
  config: Pick<InstanceConfig, "addresses" | "bind">,
): readonly string[] {
  const { addresses = [] } = config;
  const here = bindsOf(config).flatMap((bind) => {
    const isOne = !isEveryAddress(bind) && !isLoopback(bind);
    // On a loopback address, as in tests, names lead to that address.
    const loopback = isLoopback(bind) ? [bind] : [];
    return isOne ? [bind] : [...loopback, ...ownAddresses()];
  });
  return [...new Set([...addresses, ...here])];
}

/** The problem of Traefik's certificate store, which would lose certificates; undefined when it is fine. */
export async function storeProblem(config: InstanceConfig): Promise<Trouble | undefined> {
  const file = acmeStore(config);
  const text = (await readIfThere(file))?.toString("utf8");
  if (text === undefined || !isBrokenStorage(text)) return undefined;
  return {
    about: "certificate store",
    reason: `${file}: cannot be read, perhaps after a full disk; Traefik loses all certificates at its next start`,
    ...hintFields(hint`free disk space, then reset it, on the server: sudo ${command("init")}`),
  };
}
