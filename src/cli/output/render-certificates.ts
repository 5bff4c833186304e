import { warnBeforeMs } from "../../core/certificates/schedule.ts";
import { formatAge } from "../../core/format.ts";
import type { CertificateInfo, CertificateList } from "../../core/actions/certificates.ts";
import { table } from "./table.ts";
import type { Theme } from "../../core/wire/event-text.ts";

export interface Reading {
  readonly now: number;
  readonly theme: Theme;
}

/** All hosts, then why some of them have no certificate yet, then what the server lacks to ask for them. */
export function renderCertificates(
  { certificates, acme }: CertificateList,
  reading: Reading,
): string {
  if (certificates.length === 0)
    return "no service uses https; to use it, add to the Dockerfile: # mypaas.https = true";
  const isMute = acme === undefined && certificates.some(({ state }) => state !== "own");
  return [renderHosts(certificates, reading), ...(isMute ? [mute] : [])].join("\n");
}

const mute =
  "this server requests no certificates; to request them, run on the server: sudo mypaas init --email you@example.com";

/** The hosts alone. */
export function renderHosts(certificates: readonly CertificateInfo[], reading: Reading): string {
  const rows = certificates.map((one) => [
    one.host,
    one.services.join(", ") || (one.unused === true ? "(unused)" : "(server)"),
    stateWord(one, reading),
    one.certificate?.issuer ?? "",
    expiry(one, reading),
  ]);
  const hosts = table(["host", "service", "state", "issuer", "expires"], rows);
  return [hosts, ...certificates.flatMap((one) => explanation(one, reading))].join("\n");
}

function stateWord({ state, about, nextTry }: CertificateInfo, { now, theme }: Reading): string {
  switch (state) {
    case "issued":
    case "own":
      return theme.live(state);
    case "asking":
      return state;
    case "waiting":
      return theme.warning(about ?? state);
    case "failed":
      return theme.failed(nextTry === undefined ? state : `next try ${localTime(nextTry, now)}`);
  }
}

/** `in 76 d`, `in 9 d, soon` or `expired 3 d ago`; empty without a certificate. */
export function expiry({ certificate }: CertificateInfo, { now, theme }: Reading): string {
  if (certificate === undefined) return "";
  const left = certificate.until - now;
  if (left <= 0) return theme.failed(`expired ${formatAge(-left)} ago`);
  const isSoon = left < warnBeforeMs(certificate.from, certificate.until);
  return isSoon ? theme.warning(`in ${formatAge(left)}, soon`) : `in ${formatAge(left)}`;
}

/** What a row has no room for. */
function explanation(one: CertificateInfo, { now }: Reading): readonly string[] {
  const { host, state, about, reason, hint, nextTry } = one;
  const isOpen = state === "waiting" || state === "failed";
  if (!isOpen && reason === undefined && hint === undefined) return [];
  const why = reason ?? about ?? state;
  const named = why.startsWith(`${host}: `) ? why : `${host}: ${why}`;
  const again = state === "failed" ? "asks again" : "looks again";
  const when = isOpen && nextTry !== undefined ? `; ${again} at ${localTime(nextTry, now)}` : "";
  return [`  ${named}${when}`, ...(hint === undefined ? [] : [`  hint: ${hint}`])];
}

/** A time in the local time zone: `14:20`, and with its date when that is not today. */
function localTime(at: number, now: number): string {
  const [day = "", clock = ""] = localIso(at).split("T");
  return localIso(now).startsWith(day) ? clock : `${day} ${clock}`;
}

/** `2026-11-27T14:20` in the local time zone. */
function localIso(at: number): string {
  const zoneMs = new Date(at).getTimezoneOffset() * 60_000;
  return new Date(at - zoneMs).toISOString().slice(0, 16);
}
