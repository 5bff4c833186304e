import type { JobInfo, JobStep } from "../core/actions/jobs.ts";
import type { LoggedEvent } from "../core/wire/events.ts";
import { isDone, isOutcome } from "../core/wire/event-roles.ts";
import { plainTheme, renderEvent } from "../core/wire/event-text.ts";
import { colouredLine } from "./ansi.ts";
import { commandBox } from "./layout.ts";
import { jobPath, servicePath, type Look } from "./look.ts";
import { html, whenThere, type Markup } from "./markup.ts";
import { jobMark } from "./services.ts";
import { switchPicture } from "./switch-picture.ts";
import { ago, clock } from "./times.ts";

export interface JobData {
  readonly job: number;
  /** What it said so far, or all of it. */
  readonly events: readonly LoggedEvent[];
  /** True when more may come. */
  readonly isOpen: boolean;
  /** Left out where the server is older and does not say it. */
  readonly info?: JobInfo | undefined;
  readonly steps?: readonly JobStep[] | undefined;
}

/** One job: how it ended, its switch as a picture, and its log, which grows while it runs. */
export function jobView(look: Look, data: JobData): Markup {
  const { job, events, isOpen, info, steps = [] } = data;
  const receipt = info?.receipt ?? events.findLast((event) => event.kind === "receipt");
  const source = isOpen ? html` data-stream="${jobPath(look, job)}/live"` : "";
  return html`<div class="head">
      <h1>Job ${job}</h1>
      ${jobMark(stateOf(data))}
    </div>
    ${about(look, data)} ${switchPicture(look, steps, receipt)}
    <ol class="log events" aria-label="Log of job ${job}" tabindex="0" data-keep${source}>
      ${events.map((event) => eventLine(look, event))}
    </ol>
    ${isOpen ? cancelForm(look, job) : ""} ${commandBox(look.command("logs", "--job", String(job)))}`;
}

function stateOf({ events, isOpen, info }: JobData): string {
  if (isOpen) return info?.state === "queued" ? "queued" : "running";
  const end = events.findLast(isOutcome);
  if (info !== undefined && info.endedAt !== undefined) return info.state;
  return end === undefined ? "ended" : isDone(end) ? "done" : "failed";
}

/** What was asked for, of which service, by whom and when. */
function about(look: Look, { events, info }: JobData): Markup | "" {
  const service = info?.service ?? serviceOf(events);
  const link = whenThere(service, (name) => html`<a href="${servicePath(look, name)}">${name}</a>`);
  if (info === undefined) return service === undefined ? "" : html`<p>${link}</p>`;
  return html`<p>
    ${info.kind} ${link} <span class="quiet">${ago(look, info.at)} by ${info.by}</span>
  </p>`;
}

/** One event of a job's log as an entry of the list. */
export const eventLine = (look: Look, event: LoggedEvent): Markup =>
  html`<li class="${event.kind}${levelOfEvent(event)}">
    ${clock(look, event.at)} <span>${eventText(event)}</span>
  </li>`;

/** What apps printed is among it, so it may have colours. */
function eventText(event: LoggedEvent): Markup {
  const [first = "", ...rest] = renderEvent(event, plainTheme).split("\n");
  const more = rest.map((line) => html`<br />${colouredLine(line)}`);
  const head = colouredLine(first);
  return event.kind === "failed" ? html`<strong>${head}</strong>${more}` : html`${head}${more}`;
}

function levelOfEvent(event: LoggedEvent): string {
  if (isOutcome(event)) return isDone(event) ? " good" : " bad";
  return "";
}

/** Where an event tells it. */
function serviceOf(events: readonly LoggedEvent[]): string | undefined {
  for (const event of events) if ("service" in event) return event.service;
  return undefined;
}

const cancelForm = (look: Look, job: number): Markup =>
  html`<form method="post" action="${jobPath(look, job)}/cancel" class="cancel">
    <p>What ran before stays live.</p>
    <button class="grave">Cancel job ${job}</button>
    ${commandBox(look.command("cancel", "--job", String(job)))}
  </form>`;
