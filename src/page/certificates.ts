import type { CertificateInfo, CertificateList } from "../core/actions/certificates.ts";
import { warnBeforeMs } from "../core/certificates/schedule.ts";
import { formatAge } from "../core/format.ts";
import { onServer } from "../core/hints.ts";
import { empty } from "./layout.ts";
import { servicePath, type Look } from "./look.ts";
import { html, raw, whenThere, type Markup } from "./markup.ts";
import { hintLine } from "./hint.ts";
import { stateMark } from "./services.ts";
import { clock } from "./times.ts";

/** Every host that wants https: how long its certificate lasts, or what it waits for. */
export function certificatesView(look: Look, { certificates, acme }: CertificateList): Markup {
  if (certificates.length === 0)
    return html`<h1>Certificates</h1>
      ${empty("No service uses https", html`To use it, add a comment to its Dockerfile.`, "# mypaas.https = true")}`;
  const isMute = acme === undefined && certificates.some(({ state }) => state !== "own");
  return html`<h1>Certificates <span class="aside">${certificates.length}</span></h1>
    ${isMute ? html`<p class="banner">This server requests no certificates. ${hintLine(`to request them, run on the server: sudo ${onServer("init --email you@example.com")}`)}</p>` : ""}
    <ul class="cards">
      ${certificates.map((one) => card(look, one))}
    </ul>`;
}

function card(look: Look, one: CertificateInfo): Markup {
  const { host, services, certificate, about, reason, hint, nextTry } = one;
  const waits = one.state === "waiting" || one.state === "failed";
  return html`<li class="card">
    <div class="head">
      <h2>${host}</h2>
      ${stateMark(stateWord(look, one), levelOf(look, one))}
    </div>
    <p class="quiet">
      ${services.length === 0 ? (one.unused === true ? "No service uses it now." : "The server's own name.") : services.map((name) => html`<a href="${servicePath(look, name)}">${name}</a> `)}${whenThere(certificate, ({ issuer }) => html`by ${issuer}`)}
    </p>
    ${whenThere(certificate, (dates) => lifeBar(look, dates))}
    ${waits || reason !== undefined ? html`<p>${reason ?? about ?? ""}${whenThere(nextTry, (at) => html` <span class="quiet">Next try: ${clock(look, at)}</span>`)}</p>` : ""}
    ${whenThere(hint, hintLine)}
  </li>`;
}

type Dates = NonNullable<CertificateInfo["certificate"]>;

/** How much of its life is over, with the days that are left. */
function lifeBar(look: Look, { from, until }: Dates): Markup {
  const left = until - look.now;
  const share = Math.min(1, Math.max(0, left / Math.max(1, until - from)));
  const text = left <= 0 ? `expired ${formatAge(-left)} ago` : `${formatAge(left)} left`;
  return html`<div class="life">
    <svg viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true">
      <rect class="ground" width="100" height="4" rx="2"></rect>
      <rect
        class="${isSoon(look, { from, until }) ? "warning" : "good"}"
        width="${raw((share * 100).toFixed(1))}"
        height="4"
        rx="2"
      ></rect></svg
    ><span>${text}</span>
  </div>`;
}

const isSoon = ({ now }: Look, { from, until }: Pick<Dates, "from" | "until">): boolean =>
  until - now < warnBeforeMs(from, until);

function stateWord(look: Look, { state, certificate, about }: CertificateInfo): string {
  if (certificate !== undefined && certificate.until <= look.now) return "expired";
  return state === "waiting" ? (about ?? state) : state;
}

function levelOf(look: Look, { state, certificate }: CertificateInfo): string {
  if (state === "failed") return "failed";
  if (certificate === undefined || state === "asking" || state === "waiting") return "warning";
  if (certificate.until <= look.now) return "failed";
  return isSoon(look, certificate) ? "warning" : "good";
}
