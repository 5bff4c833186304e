import type { Trouble } from "../../core/certificates/record.ts";
import { needsDns } from "../../core/release/server-refusals.ts";
import type { CertificatePorts, Challenge } from "./ports.ts";
import { command, hint, hintText } from "../../core/hints.ts";

/** How a host is proved to a CA, or why that would fail: port 80 where it leads here, else the DNS where a provider is known. */
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
  about: "nobody is asked",
  reason: "this server asks nobody for certificates, because it has no email address to give",
  hint: hintText(hint`run on the server: sudo ${command("init --email you@example.com")}`),
};
