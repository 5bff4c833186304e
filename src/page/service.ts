import type { ReleaseInfo, Receipt } from "../core/actions/lifecycle.ts";
import type { MetricsAnswer } from "../core/actions/usage.ts";
import type { PsReplica, PsService } from "../core/actions/watch.ts";
import { formatAge, formatBytes, formatDuration, formatRequests } from "../core/format.ts";
import { releaseWord, worstState } from "../core/health/service-state.ts";
import { shortFrom } from "../core/push/from.ts";
import { replicaWord } from "../core/release/processes.ts";
import { actionsOf } from "./actions.ts";
import { jobPath, servicePath, type Look } from "./look.ts";
import { html, percent, whenThere, type Markup } from "./markup.ts";
import { fact, cpuText, memoryText, replicasText, routeLinks, stateMark } from "./services.ts";
import { trafficCharts, type SpanName } from "./traffic.ts";
import { table } from "./table.ts";
import { ago } from "./times.ts";

export interface ServiceData {
  readonly service: PsService;
  readonly releases: readonly ReleaseInfo[];
  /** Left out where the server is older. */
  readonly metrics?: MetricsAnswer | undefined;
  /** How far the charts look back; an hour when left out. */
  readonly span?: SpanName;
}

/** One service: how it is, its replicas, its releases with their receipts, and what can be done. */
export function serviceView(look: Look, data: ServiceData): Markup {
  const { service: one, releases, metrics, span = "1h" } = data;
  const live = releases.find(({ release }) => release === one.release);
  return html`${serviceHead(look, one, "overview")} ${runningJob(look, one)}
    <dl class="figures">
      ${fact("Release", html`${one.release ?? "none"}${whenThere(live, ({ by, created }) => html` <span class="quiet">${ago(look, created)} by ${by}</span>`)}`)}
      ${fact("Replicas", replicasText(one))} ${fact("CPU", cpuText(one))}
      ${fact("Memory", memoryText(one))}
    </dl>
    ${notes(one)}
    <div class="columns">
      <div>
        ${whenThere(metrics, (answer) => trafficCharts(look, one.service, answer, { releases, span }))}
        <section>
          <h2>Replicas</h2>
          ${replicasTable(one)}
        </section>
        <section>
          <h2>Releases</h2>
          ${releasesTable(look, one, releases)}
        </section>
      </div>
      ${actionsOf(look, one, releases)}
    </div>`;
}

/** Name, state, routes, and the way to the other views of the service. */
export function serviceHead(look: Look, one: PsService, view: "overview" | "logs"): Markup {
  const tab = (name: typeof view, title: string, path: string) =>
    html`<li>
      <a
        href="${servicePath(look, one.service, path)}"
        ${name === view ? html` aria-current="page"` : ""}
        >${title}</a
      >
    </li>`;
  return html`<div class="head">
      <h1>${one.service}</h1>
      ${stateMark(worstState(one))}
    </div>
    ${routeLinks(one.routes)}
    <nav class="tabs" aria-label="Views of ${one.service}">
      <ul>
        ${tab("overview", "Overview", "")}${tab("logs", "Log", "/log")}
      </ul>
    </nav>`;
}

/** A job that has not ended is what one wants to see. */
function runningJob(look: Look, { job }: PsService): Markup | "" {
  if (job === undefined || !["queued", "running"].includes(job.state)) return "";
  return html`<p class="banner">
    <span><strong>${job.action}</strong> is ${job.state}, begun ${ago(look, job.at)}</span>
    <a href="${jobPath(look, job.job)}">Watch job ${job.job}</a>
  </p>`;
}

function notes({ maintenance, scaledByCommand, processes = [] }: PsService): Markup | "" {
  const scaled = (name: string, set: NonNullable<PsService["scaledByCommand"]>) =>
    `${name} is scaled to ${set.replicas} by command; the Dockerfile says ${set.written}.`;
  const all = [
    ...(maintenance === undefined
      ? []
      : [`In maintenance: its routes answer 503. ${maintenance.text}`]),
    ...(scaledByCommand === undefined ? [] : [scaled("It", scaledByCommand)]),
    ...processes.flatMap(({ process, scaledByCommand: set }) =>
      set === undefined ? [] : [scaled(process, set)],
    ),
  ];
  return all.length === 0
    ? ""
    : html`<ul class="notes">
        ${all.map((text) => html`<li>${text}</li>`)}
      </ul>`;
}

function replicasTable({ service, replicas, state }: PsService): Markup {
  if (replicas.length === 0)
    return html`<p class="quiet">
      ${state === "stopped" ? "It is stopped; no replica runs." : "None."}
    </p>`;
  const rows = replicas.map((one) => [
    html`${replicaWord(service, one)}`,
    html`${one.release}`,
    stateMark(stateWord(one), undefined),
    html`${one.upMs === undefined ? "–" : formatAge(one.upMs)}`,
    html`${one.restarts}`,
    html`${percent(one.cpu)}`,
    html`${one.memoryBytes === undefined ? "–" : formatBytes(one.memoryBytes)}${whenThere(one.memoryLimit, (limit) => html` <span class="quiet">of ${formatBytes(limit)}</span>`)}`,
  ]);
  const columns = ["Replica", "#Release", "State", "#Up", "#Restarts", "#CPU", "#Memory"];
  return table(`Replicas of ${service}`, columns, rows);
}

function stateWord({ state, health, exitCode }: PsReplica): string {
  if (health !== undefined && health !== "healthy" && state === "running") return health;
  return exitCode === undefined || state === "created" ? state : `${state} (${exitCode})`;
}

/** More are seldom looked for; the command lists all. */
const shownReleases = 20;

function releasesTable(
  look: Look,
  { service }: PsService,
  releases: readonly ReleaseInfo[],
): Markup {
  if (releases.length === 0) return html`<p class="quiet">None yet.</p>`;
  const shown = releases.slice(0, shownReleases);
  const hasFrom = shown.some(({ from }) => from !== undefined && shortFrom(from) !== "");
  const rows = shown.map((one) => [
    html`${one.release}${whenThere(one.repeats, (of) => html` <span class="quiet">= ${of}</span>`)}`,
    stateMark(releaseWord(one), releaseLevel(one)),
    ago(look, one.created),
    html`${one.by}`,
    ...(hasFrom ? [html`${one.from === undefined ? "" : shortFrom(one.from)}`] : []),
    html`${receiptText(one.receipt)}`,
  ]);
  const from = hasFrom ? ["From"] : [];
  const columns = ["#Release", "State", "When", "By", ...from, "Switch"];
  return table(`Releases of ${service}`, columns, rows);
}

/** Only what is live is green. */
function releaseLevel({ state }: ReleaseInfo): string {
  if (state === "live") return "good";
  if (state === "failed") return "failed";
  return state === "building" || state === "starting" ? "warning" : "off";
}

/** What a switch was for clients: `1.8 s, 412 requests, 0 failed`. */
export function receiptText(receipt: Receipt | undefined): Markup | string {
  if (receipt === undefined) return "–";
  const { ms, requests, failed } = receipt;
  if (requests === undefined || failed === undefined) return `${formatDuration(ms)}, not counted`;
  if (requests === 0) return `${formatDuration(ms)}, not asked`;
  const lost = failed > 0 ? html`<strong class="failed">${failed} failed</strong>` : "0 failed";
  return html`${formatDuration(ms)}, ${formatRequests(requests)}, ${lost}`;
}
