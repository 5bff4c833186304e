import type { JobInfo } from "../core/actions/jobs.ts";
import { formatDuration } from "../core/format.ts";
import { empty } from "./layout.ts";
import { jobPath, servicePath, type Look } from "./look.ts";
import { html, type Markup } from "./markup.ts";
import { receiptText } from "./service.ts";
import { jobMark } from "./services.ts";
import { table } from "./table.ts";
import { ago } from "./times.ts";

export interface JobListData {
  readonly jobs: readonly JobInfo[];
  /** True when there may be older ones. */
  readonly hasMore: boolean;
}

/** Jobs of all services, newest first: what was asked for, by whom, and how it ended. */
export function jobListView(look: Look, { jobs, hasMore }: JobListData): Markup {
  if (jobs.length === 0)
    return html`<h1>Jobs</h1>
      ${empty("No job yet", "Each push, restart or other change is a job with a log.", look.command("push"))}`;
  const last = jobs.at(-1)?.job;
  return html`<h1>Jobs</h1>
    ${jobTable(look, jobs)}
    ${hasMore ? html`<p class="hint"><a href="${look.base}jobs?before=${last}">Older jobs</a></p>` : ""}`;
}

function jobTable(look: Look, jobs: readonly JobInfo[]): Markup {
  const rows = jobs.map((one) => [
    html`<a href="${jobPath(look, one.job)}">${one.job}</a>`,
    html`${one.kind}`,
    one.service === undefined
      ? html`<span class="quiet">server</span>`
      : html`<a href="${servicePath(look, one.service)}">${one.service}</a>`,
    jobMark(one.state),
    ago(look, one.at),
    html`${tookText(one)}`,
    html`${one.by}`,
    html`${one.failure === undefined ? receiptText(one.receipt) : html`<span class="cut">${one.failure}</span>`}`,
  ]);
  const columns = ["#Job", "What", "Service", "State", "When", "#Took", "By", "Switch"];
  return table("Jobs", columns, rows);
}

const tookText = ({ startedAt, endedAt }: JobInfo): string =>
  startedAt === undefined || endedAt === undefined ? "–" : formatDuration(endedAt - startedAt);
