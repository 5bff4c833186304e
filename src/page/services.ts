import type { PsService, PsSnapshot } from "../core/actions/watch.ts";
import type { MetricsAnswer } from "../core/actions/usage.ts";
import { formatBytes } from "../core/format.ts";
import { runningOf, sumKnown, worstState } from "../core/health/service-state.ts";
import { empty } from "./layout.ts";
import { jobPath, servicePath, type Look } from "./look.ts";
import { counted, html, percent, whenThere, type Markup } from "./markup.ts";
import { ago } from "./times.ts";
import { trafficCell } from "./traffic.ts";

/** All services: what runs, how it is, what they were asked in the last hour, and how the last job of each ended. */
export function servicesView(
  look: Look,
  { services }: PsSnapshot,
  metrics?: MetricsAnswer,
): Markup {
  if (services.length === 0)
    return html`<h1>Services</h1>
      ${empty(
        "Nothing runs here yet",
        "A service is a folder with a Dockerfile. Send one, and it appears here.",
        look.command("push"),
      )}`;
  return html`<h1>Services <span class="aside">${summary(services)}</span></h1>
    <ol class="services">
      ${services.map((one) => row(look, one, metrics))}
    </ol>`;
}

function summary(services: readonly PsService[]): string {
  const running = services
    .flatMap(({ replicas }) => replicas)
    .filter((one) => one.upMs !== undefined);
  return `${services.length} · ${counted(running.length, "replica")} running`;
}

function row(look: Look, one: PsService, metrics: MetricsAnswer | undefined): Markup {
  const { service, release, routes, job } = one;
  const web = runningOf(one, undefined);
  return html`<li class="service" id="service-${service}">
    <div class="name">
      <h2><a href="${servicePath(look, service)}">${service}</a></h2>
      ${routeLinks(routes, 2)}
    </div>
    ${stateMark(worstState(one))}
    ${metrics === undefined ? html`<div></div>` : trafficCell(metrics, service)}
    <dl>
      ${fact("Release", release === undefined ? "none" : String(release))}
      ${fact("Replicas", replicasText(one))} ${fact("CPU", web.length === 0 ? "–" : cpuText(one))}
      ${fact("Memory", web.length === 0 ? "–" : memoryText(one))}
      ${fact("Last job", whenThere(job, (last) => html`<a href="${jobPath(look, last.job)}">${last.action} ${last.state}</a> <span class="quiet">${ago(look, last.at)}</span>`) || "none")}
    </dl>
  </li>`;
}

/** One fact and its name. */
export const fact = (name: string, value: Markup | string): Markup =>
  html`<div>
    <dt>${name}</dt>
    <dd>${value}</dd>
  </div>`;

/** How serious a word of the server is. */
export function levelOf(state: string): "good" | "warning" | "failed" | "off" {
  if (["live", "running", "done", "issued", "own", "ok", "healthy"].includes(state)) return "good";
  if (["crashing", "unhealthy", "failed", "dead"].includes(state)) return "failed";
  if (["stopped", "none", "skipped", "retired", "superseded", "cancelled", "gone"].includes(state))
    return "off";
  return "warning";
}

/** A state as a word, with a dot in its colour. */
export const stateMark = (state: string, level: string = levelOf(state)): Markup =>
  html`<p class="state ${level}">${state}</p>`;

/** The state of a job; one that goes on is neither good nor bad. */
export const jobMark = (state: string): Markup =>
  stateMark(state, state === "queued" || state === "running" ? "busy" : levelOf(state));

/** Links to the first routes of a service, and how many more there are. */
export function routeLinks(routes: readonly string[], most = 20): Markup | "" {
  if (routes.length === 0) return html`<p class="routes quiet">no route</p>`;
  const more = routes.length - most;
  return html`<p class="routes">
    ${routes.slice(0, most).map((url) => routeLink(url))}${more > 0 ? html`<span class="quiet">and ${more} more</span>` : ""}
  </p>`;
}

const routeLink = (url: string): Markup =>
  /^https?:\/\//.test(url)
    ? html`<a href="${url}" rel="noreferrer"
        >${url.replace(/^https?:\/\//, "").replace(/\/$/, "")}</a
      > `
    : html`<span>${url}</span> `;

/** `2 of 2`: replicas of the live release that run, of all processes together. */
export const replicasText = ({ replicas, wanted, release: live }: PsService): string =>
  `${replicas.filter(({ upMs, release }) => upMs !== undefined && release === live).length} of ${wanted}`;

/** Of all replicas together, in percent of one core. */
export const cpuText = ({ replicas }: PsService): string =>
  percent(sumKnown(replicas.map(({ cpu }) => cpu)));

/** Of all replicas together. */
export const memoryText = ({ replicas }: PsService): string => {
  const bytes = sumKnown(replicas.map(({ memoryBytes }) => memoryBytes));
  return bytes === undefined ? "–" : formatBytes(bytes);
};
