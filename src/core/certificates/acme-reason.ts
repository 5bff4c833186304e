import { caReason } from "./acme-ca-reason.ts";
import { challengeReason } from "./acme-challenge-reason.ts";
import { dnsProviderReason } from "./acme-dns-reason.ts";
import { networkReason } from "./acme-network-reason.ts";
import { readProblem } from "./acme-problem.ts";
import { oneLine } from "./foreign-text.ts";
import type { Trouble } from "./record.ts";

/** Says in plain words why there is no certificate: `error` is lego's text out of Traefik's log, with what the CA said. */
export function acmeReason(error: string): Trouble {
  const problem = readProblem(error);
  const known =
    challengeReason(problem) ??
    caReason(problem) ??
    dnsProviderReason(problem) ??
    networkReason(problem);
  if (known !== undefined) return { ...known, reason: oneLine(known.reason) };
  return { about: "no certificate", reason: oneLine(problem.detail) || "Traefik gives no reason" };
}
