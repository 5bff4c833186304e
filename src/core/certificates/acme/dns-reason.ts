import type { AcmeProblem } from "./problem.ts";
import type { Trouble } from "../record.ts";
import { command, hint, hintFields, hintText } from "../../hints.ts";

const about = "DNS provider";

/** What went wrong with the record at the DNS provider before any CA was asked: lego's `dns01` and its providers. */
export function dnsProviderReason(problem: AcmeProblem): Trouble | undefined {
  if (problem.type !== undefined) return undefined;
  return settings(problem) ?? propagation(problem) ?? presenting(problem);
}

function settings({ detail }: AcmeProblem): Trouble | undefined {
  const provider = /unrecogni[sz]ed DNS provider: (\S+)/i.exec(detail)?.[1];
  const more = {
    hint: hintText(hint`set the DNS provider and its values again, see: ${command("init --help")}`),
  };
  if (provider !== undefined)
    return { about, reason: `there is no DNS provider called ${provider}`, ...more };
  if (!/some credentials information are missing|credentials missing/.test(detail))
    return undefined;
  const name =
    /^(?:[^:]*: )*?([a-z0-9]+): (?:some )?credentials/.exec(detail)?.[1] ?? "the DNS provider";
  const missing = [...new Set(detail.match(/\b[A-Z][A-Z0-9]*_[A-Z0-9_]+\b/g))];
  const which = missing.length === 0 ? "its values" : missing.join(", ");
  return { about, reason: `${name} cannot be used, missing: ${which}`, ...more };
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
  return {
    about,
    reason: `the TXT record ${name} was not to be seen in time${where}${code === undefined ? "" : ` (${code})`}`,
    ...hintFields(
      hint`see whether it ever comes: dig TXT ${name.startsWith("_") ? name : "_acme-challenge.HOST"}, then run: ${command(`cert retry ${host}`)}`,
    ),
  };
}

function presenting({ detail, host }: AcmeProblem): Trouble | undefined {
  const zone = /could not find (?:the )?(?:zone|start of authority)|failed to find zone/i.test(
    detail,
  );
  const said = /error presenting token(?: \([^)]*\))?: (.+)$/.exec(detail)?.[1];
  if (said === undefined && !zone) return undefined;
  return {
    about,
    reason: `the record could not be set: ${said ?? detail}`,
    ...hintFields(
      zone
        ? hint`see that the domain is kept at this DNS provider and that its key may change it, then run: ${command(`cert retry ${host}`)}`
        : hint`see that the key for the DNS provider is right and may change the domain, then run: ${command(`cert retry ${host}`)}`,
    ),
  };
}
