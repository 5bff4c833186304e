import type { LoggedEvent } from "../core/wire/events.ts";
import { isDone, isOutcome } from "../core/wire/event-roles.ts";
import { plainTheme, renderEvent } from "../core/wire/event-text.ts";
import { colouredLine } from "./ansi.ts";
import { commandBox } from "./layout.ts";
import { jobPath, servicePath, type Look } from "./look.ts";
import { html, whenThere, type Markup } from "./markup.ts";
import { stateMark } from "./services.ts";
import { clock } from "./times.ts";

export interface JobData {
  readonly job: number;
  /** What it said so far, or all of it. */
  readonly events: readonly LoggedEvent[];
  /** What it is about, where the server says it. */
  readonly about?: { readonly service: string; readonly action: string } | undefined;
  /** True when more may come. */
  readonly isOpen: boolean;
}

/** One job: how it ended, and its log, which grows while it runs. */
export function jobView(look: Look, { job, events, isOpen, about }: JobData): Markup {
  const end = events.findLast(isOutcome);
  const service = about?.service ?? serviceOf(events);
  const state = isOpen ? "running" : end === undefined ? "ended" : isDone(end) ? "done" : "failed";
  const source = html` data-stream="${jobPath(look, job)}/live"`;
  return html`<div class="head">
      <h1>Job ${job}</h1>
      ${stateMark(state, isOpen ? "warning" : undefined)}
    </div>
    ${whenThere(service, (name) => html`<p>${about?.action} <a href="${servicePath(look, name)}">${name}</a></p>`)}
    ${receiptTitle(events)}
    <ol
      class="log events"
      aria-label="Log of job ${job}"
      tabindex="0"
      data-keep${isOpen ? source : ""}
    >
      ${events.map((event) => eventLine(look, event))}
    </ol>
    ${isOpen ? cancelForm(look, job) : ""} ${commandBox(look.command("logs", "--job", String(job)))}`;
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

/** What the switch was for clients, as the sentence that one came for. */
function receiptTitle(events: readonly LoggedEvent[]): Markup | "" {
  const receipt = events.findLast((event) => event.kind === "receipt");
  if (receipt === undefined) return "";
  return html`<p class="receipt">${renderEvent(receipt, plainTheme)}</p>`;
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
