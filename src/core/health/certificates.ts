import type { CertificateInfo } from "../actions/certificates.ts";
import type { Served } from "../certificates/record.ts";
import { warnBeforeMs } from "../certificates/schedule.ts";
import { about, failed, ok, skipped, warning, type Finding } from "./check.ts";
import { command, hint, hintOf, type Hint } from "../hints.ts";

/** Judges the certificate of every host that wants https, or the reason why it has none. */
export function judgeHosts(all: readonly CertificateInfo[], now: number): readonly Finding[] {
  if (all.length === 0) return [about("certificates", skipped("no service has an https route"))];
  return all.map((one) => about(`certificate of ${one.host}`, judgeHost(one, now)));
}

function judgeHost(info: CertificateInfo, now: number): Finding {
  const { host, state, certificate, reason = state } = info;
  const known = hintOf(info);
  if (certificate !== undefined) {
    const why = info.reason === undefined ? "" : `: ${info.reason}`;
    const renewal =
      state === "own"
        ? hint`add a newer one: ${command(`cert add ${host} fullchain.pem key.pem`)}`
        : hint`it was not renewed${why}; ${known ?? hint`see it with: ${command("cert")}`}`;
    return judgeCertificate({ ...certificate, name: certificate.issuer, renewal }, now);
  }
  if (state === "asking") return ok("requested from the CA");
  const finding = state === "failed" ? failed : warning;
  return finding(reason, known ?? hint`try it again: ${command(`cert retry ${host}`)}`);
}

interface CertificateHealth extends Pick<Served, "from" | "until"> {
  readonly name: string;
  /** Command that makes a new one. */
  readonly renewal: Hint;
}

/** Judges the dates of one certificate. */
export function judgeCertificate(certificate: CertificateHealth, now: number): Finding {
  const { name, from, until, renewal } = certificate;
  const facts = `${name}: valid until ${day(until)}`;
  if (now >= until) return failed(`${name}: expired on ${day(until)}`, renewal);
  if (now < from) return failed(`${name}: valid only from ${day(from)}`, renewal);
  if (until - now < warnBeforeMs(from, until)) return failed(facts, renewal);
  return ok(facts);
}

const day = (time: number): string => new Date(time).toISOString().slice(0, 10);
