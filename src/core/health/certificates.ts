import type { CertificateInfo } from "../actions/certificates.ts";
import { judgeCertificate } from "./host.ts";
import { about, failed, ok, skipped, warning, type Finding } from "./check.ts";
import { command, hint, hintOf } from "../hints.ts";

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
