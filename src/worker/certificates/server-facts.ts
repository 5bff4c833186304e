import type { KeyPair } from "../../core/routing/routing-state.ts";
import { acmeOf } from "../../core/server/acme.ts";
import type { InstanceConfig } from "../../core/server/instance.ts";
import {
  readCertificate,
  readHostRecords,
  readOwnPairs,
} from "../../adapters/state/certificates.ts";
import type { State } from "../../adapters/state/state.ts";
import type { Challenge } from "./ports.ts";

/** The challenges of this server, the first choice first; undefined without an email address. */
export function challengesOf(
  config: Pick<InstanceConfig, "email" | "acme">,
): readonly Challenge[] | undefined {
  if (config.email === undefined) return undefined;
  return acmeOf(config).dnsProvider === undefined ? ["http"] : ["http", "dns"];
}

/** True when the CA can issue certificates for wildcard domains. */
export const hasWildcards = (config: Pick<InstanceConfig, "email" | "acme">): boolean =>
  challengesOf(config)?.includes("dns") === true;

/** Names in the manual certificates. */
export const manualNames = (state: State): readonly string[] =>
  readOwnPairs(state).flatMap((pair) => readCertificate(pair).names);

/** The stored hosts that redirect to https, and the manual certificates: Traefik's first configuration. */
export function storedCertificates(
  state: State,
  now: number,
): {
  readonly secured: readonly string[];
  readonly manualCertificates: readonly KeyPair[];
} {
  const secured = readHostRecords(state).filter((one) => one.secured);
  return {
    secured: secured.map(({ host }) => host),
    manualCertificates: manualKeyPairs(state, now),
  };
}

/** Without ended ones: while Traefik has a certificate, it requests no other. */
export const manualKeyPairs = (state: State, now: number): readonly KeyPair[] =>
  readOwnPairs(state)
    .filter((pair) => readCertificate(pair).until > now)
    .map(({ certificate: cert, privateKey: key }) => ({ cert, key }));
