import { caReason } from "./ca-reason.ts";
import { challengeReason } from "./challenge-reason.ts";
import { dnsProviderReason } from "./dns-reason.ts";
import { networkReason } from "./network-reason.ts";
import { readProblem } from "./problem.ts";
import { oneLine } from "../foreign-text.ts";
import type { Trouble } from "../record.ts";

/** Explains in plain words why there is no certificate. `error` is lego's text from Traefik's log. */
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
