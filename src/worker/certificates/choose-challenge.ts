import { command, hint, hintFields } from "../../core/hints.ts";
import type { Trouble } from "../../core/certificates/record.ts";
import { needsDns } from "../../core/release/server-refusals.ts";
import type { CertificatePorts, Challenge } from "./ports.ts";

/** Chooses the challenge for a host: port 80 if it leads here, else DNS if a provider is configured. Returns a reason when neither works. */
export async function chooseChallenge(
  { challenges, preflight }: Pick<CertificatePorts, "challenges" | "preflight">,
  host: string,
): Promise<{ readonly challenge: Challenge } | { readonly trouble: Trouble }> {
  if (challenges === undefined) return { trouble: noEmail };
  const hasDns = challenges.includes("dns");
  if (host.startsWith("*.") && !hasDns) {
    const { message: reason, hint } = needsDns(host);
    return { trouble: { about: "waiting for DNS-01", reason, hint } };
  }
  let first: Trouble | undefined;
  for (const challenge of host.startsWith("*.") ? (["dns"] as const) : challenges) {
    // oxlint-disable-next-line no-await-in-loop
    const trouble = await preflight(host, challenge);
    if (trouble === undefined) return { challenge };
    first ??= trouble;
  }
  return { trouble: first ?? noEmail };
}

const noEmail: Trouble = {
  about: "no email address",
  reason: "no certificate is requested, because this server has no email address",
  ...hintFields(hint`run on the server: sudo ${command("init --email you@example.com")}`),
};
