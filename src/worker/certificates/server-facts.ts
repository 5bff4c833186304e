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

/** How this server can prove a name to a CA, the one that is tried first in front; undefined while it has no email address to give. */
export function challengesOf(
  config: Pick<InstanceConfig, "email" | "acme">,
): readonly Challenge[] | undefined {
  if (config.email === undefined) return undefined;
  return acmeOf(config).dnsProvider === undefined ? ["http"] : ["http", "dns"];
}

/** True where the CA can be asked for certificates of wildcard domains. */
export const hasWildcards = (config: Pick<InstanceConfig, "email" | "acme">): boolean =>
  challengesOf(config)?.includes("dns") === true;

/** Names in the certificates that were added by hand. */
export const manualNames = (state: State): readonly string[] =>
  readOwnPairs(state).flatMap((pair) => readCertificate(pair).names);

/** Hosts that redirect to https and the certificates added by hand, as they stood when the worker ended: what Traefik is told first. */
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

/** Without those that have ended: Traefik would ask for no other as long as it has them. */
export const manualKeyPairs = (state: State, now: number): readonly KeyPair[] =>
  readOwnPairs(state)
    .filter((pair) => readCertificate(pair).until > now)
    .map(({ certificate: cert, privateKey: key }) => ({ cert, key }));
