import { command, hint } from "../../hints.ts";
import { retry, trouble, type AcmeProblem } from "./problem.ts";
import type { Trouble } from "../record.ts";

const about = "DNS provider";

/** Reasons at the DNS provider, before the CA is involved: lego's `dns01` and its providers. */
export function dnsProviderReason(problem: AcmeProblem): Trouble | undefined {
  if (problem.type !== undefined) return undefined;
  return settings(problem) ?? propagation(problem) ?? presenting(problem);
}

function settings({ detail }: AcmeProblem): Trouble | undefined {
  const provider = /unrecogni[sz]ed DNS provider: (\S+)/i.exec(detail)?.[1];
  const wayOut = hint`set the DNS provider and its values again, see: ${command("init --help")}`;
  if (provider !== undefined) return trouble(about, `unknown DNS provider ${provider}`, wayOut);
  if (!/some credentials information are missing|credentials missing/.test(detail))
    return undefined;
  const name =
    /^(?:[^:]*: )*?([a-z0-9]+): (?:some )?credentials/.exec(detail)?.[1] ?? "the DNS provider";
  const missing = [...new Set(detail.match(/\b[A-Z][A-Z0-9]*_[A-Z0-9_]+\b/g))];
  const which = missing.length === 0 ? "its values" : missing.join(", ");
  return trouble(about, `${name} cannot be used, missing: ${which}`, wayOut);
}

/** `dns01: time limit exceeded: last error: authoritative nameservers: NS ns1.example.net.:53 did not return the expected TXT record [fqdn: …, value: …]: `. */
function propagation({ detail, host }: AcmeProblem): Trouble | undefined {
  if (!detail.includes("time limit exceeded")) return undefined;
  if (!/dns01|propagation|\bNS |nameserver|_acme-challenge/.test(detail)) return undefined;
  const name = /(_acme-challenge\.[a-z0-9._-]*[a-z0-9_-])/i.exec(detail)?.[1] ?? "of the challenge";
  const [, server] = /\bNS (\S+?)\.?(?::\d+)? (?:did not return|returned)/.exec(detail) ?? [];
  const code = / returned ([A-Z]+) for /.exec(detail)?.[1];
  const cause = /last error: (.*)$/.exec(detail)?.[1];
  const where = server === undefined ? (cause === undefined ? "" : `: ${cause}`) : ` at ${server}`;
  return trouble(
    about,
    `the TXT record ${name} did not appear in time${where}${code === undefined ? "" : ` (${code})`}`,
    hint`check the record: dig TXT ${name.startsWith("_") ? name : "_acme-challenge.HOST"}, then run: ${retry(host)}`,
  );
}

function presenting({ detail, host }: AcmeProblem): Trouble | undefined {
  const zone = /could not find (?:the )?(?:zone|start of authority)|failed to find zone/i.test(
    detail,
  );
  const text = /error presenting token(?: \([^)]*\))?: (.+)$/.exec(detail)?.[1];
  if (text === undefined && !zone) return undefined;
  const check = zone
    ? "the domain is at this DNS provider and that the key may change it"
    : "the DNS provider's key is right and may change the domain";
  const way = hint`check that ${check}, then run: ${retry(host)}`;
  return trouble(about, `the record could not be set: ${text ?? detail}`, way);
}
