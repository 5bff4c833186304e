import { hint, type Hint } from "../../hints.ts";
import { retry, trouble, type AcmeProblem } from "./problem.ts";
import type { Trouble } from "../record.ts";

/** Reasons that the CA found at the host: DNS, port 80, CAA. The texts are those of Boulder (`va`, `bdns`) and Pebble. */
export function challengeReason(problem: AcmeProblem): Trouble | undefined {
  const { type } = problem;
  // Pebble reports a name without an address as a connection problem or a malformed request.
  const found = type === undefined ? undefined : (unresolved(problem) ?? lookUp(problem));
  if (found !== undefined) return found;
  if (type === "dns") return trouble("waiting for DNS", problem.detail, dnsHint(problem));
  if (type === "connection" || type === "tls") return connection(problem);
  if (type === "caa") return caa(problem);
  if (type === "unauthorized" || type === "incorrectResponse") return wrongAnswer(problem);
  return undefined;
}

function unresolved({ detail, host }: AcmeProblem): Trouble | undefined {
  const name =
    /could not resolve URL "(?:https?:\/\/)?([^\s":/]+)/i.exec(detail)?.[1] ??
    /no valid A{1,4} records found for ([^\s;,]+)/.exec(detail)?.[1];
  if (name === undefined) return undefined;
  return trouble("waiting for DNS", `the CA finds no address for ${name}`, setRecordHint(host));
}

/** `DNS problem: SERVFAIL looking up CAA for a.test - the domain's nameservers may be malfunctioning`, or the form with an extended error. */
function lookUp(problem: AcmeProblem): Trouble | undefined {
  const { detail, host } = problem;
  const plain = /DNS problem: ([^:]{1,60}) looking up ([A-Z]+) for ([^\s;,]+)/.exec(detail);
  const extended = /DNS problem: looking up ([A-Z]+) for ([^\s;,:]+): (.+)$/.exec(detail);
  const [why, type = "", name = ""] =
    plain?.slice(1) ?? (extended === null ? [] : [extended[3], extended[1], extended[2]]);
  if (why === undefined) return undefined;
  if (why === "NXDOMAIN" && type === "TXT") return noTxt(host, name);
  if (why === "NXDOMAIN")
    return trouble("waiting for DNS", `${name} is not in the DNS (NXDOMAIN)`, setRecordHint(host));
  const about = type === "CAA" ? "CAA" : type === "TXT" ? "DNS provider" : "waiting for DNS";
  const way = detail.includes("DNSSEC")
    ? hint`repair DNSSEC of the domain at your DNS provider, or switch it off, then run: ${retry(host)}`
    : dnsHint(problem);
  return trouble(about, `the CA could not look up ${type} of ${name}: ${why}`, way);
}

/** Boulder's `198.51.100.4: Fetching http://a.test/…: Connection refused`, and Go's `Get "http://…": dial tcp 198.51.100.4:80: connect: connection refused` of Pebble. */
function connection({ detail, host, type }: AcmeProblem): Trouble {
  const far = /^During secondary validation: /.exec(detail);
  const text = far === null ? detail : detail.slice(far[0].length);
  const [, address, url, cause] = /^(?:([0-9a-f.:]+): )?Fetching (\S+): (.+)$/i.exec(text) ?? [];
  const [, dialled, port] = /dial tcp (\[[^\]]+\]|[0-9.]+):(\d+)/.exec(text) ?? [];
  const why = lowerFirst(
    cause ?? text.replace(/^Get "[^"]*": (?:dial tcp \S+ (?:connect: )?)?/, ""),
  );
  const place = address ?? dialled?.replaceAll(/[[\]]/g, "") ?? host;
  if (/redirect/i.test(why))
    return trouble(
      "port 80",
      `the answer of ${place} redirects the CA: ${why}`,
      `follow the redirect: curl -sIL http://${host}/.well-known/acme-challenge/x`,
    );
  const number = port ?? (url?.startsWith("https:") || type === "tls" ? "443" : "80");
  const where = far === null ? "" : ", from some of its locations";
  return trouble(
    `port ${number}`,
    `the CA cannot connect to port ${number} of ${place}${where}: ${why}`,
    hint`open port ${number} in the firewalls of this server and of its provider, then run: ${retry(host)}`,
  );
}

function caa({ detail, host }: AcmeProblem): Trouble {
  const name = /CAA (?:record )?for (\S+?)(?::| |$)/.exec(detail)?.[1];
  const isPlain = detail.includes("prevents issuance") && name !== undefined;
  return trouble(
    "CAA",
    isPlain
      ? `the CAA record of ${name} forbids this CA`
      : `the CAA record forbids this CA: ${detail}`,
    hint`add a record for this CA at your DNS provider, such as: ${name ?? host} CAA 0 issue "letsencrypt.org", then run: ${retry(host)}`,
  );
}

function wrongAnswer({ detail, host }: AcmeProblem): Trouble {
  const txt = /(?:TXT record "?(.*?)"?(?: \(and \d+ more\))? |TXT record )found at (\S+)/.exec(
    detail,
  );
  if (detail.startsWith("No TXT record") || /not found for DNS challenge/.test(detail))
    return noTxt(host, txt?.[2]);
  if (/Incorrect TXT record/.test(detail) && txt !== null)
    return trouble(
      "DNS provider",
      `the TXT record ${txt[2]} has another value than this server's`,
      hint`delete other TXT records of that name at your DNS provider, then run: ${retry(host)}`,
    );
  const address =
    /(?:^|: )([0-9a-f.:]*[0-9a-f]): Invalid response/i.exec(detail)?.[1] ??
    /\[([0-9a-f.:]+)\]: /i.exec(detail)?.[1];
  const status = /(?:Invalid response from \S+(?: \[\S+\])?: |returned )(\d{3})\b/.exec(
    detail,
  )?.[1];
  const isAnswer =
    /Invalid response from|Non-200 status|did not match this challenge|key authorization/i.test(
      detail,
    );
  if (!isAnswer)
    return trouble("refused", `the CA refuses: ${detail}`, hint`try again: ${retry(host)}`);
  const what = status === undefined ? "not this server's answer" : `status ${status}`;
  return trouble(
    "port 80",
    `the CA got a wrong answer from port 80 of ${address ?? host}: ${what}`,
    hint`check that every address is this server's: getent ahosts ${host}, then run: ${retry(host)}`,
  );
}

const noTxt = (host: string, name = `_acme-challenge.${host.replaceAll(/'|\*\./g, "")}`): Trouble =>
  trouble(
    "DNS provider",
    `the CA found no TXT record ${name}`,
    hint`check that the domain uses the name servers of the DNS provider: dig NS ${name.replace(/^_acme-challenge\./, "")}, then run: ${retry(host)}`,
  );

const setRecordHint = (host: string): Hint =>
  hint`set the record at your DNS provider, then run: ${retry(host)}`;

const dnsHint = ({ host }: AcmeProblem): Hint =>
  hint`repair the domain's name servers at your DNS provider, then run: ${retry(host)}`;

const lowerFirst = (text: string): string =>
  text.replace(/^[A-Z](?=[a-z ])/, (c) => c.toLowerCase());
