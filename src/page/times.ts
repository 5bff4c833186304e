import { formatAge } from "../core/format.ts";
import { html, type Markup } from "./markup.ts";
import type { Look } from "./look.ts";

/** `12 min ago`, with the moment in the viewer's zone. */
export function ago(look: Look, at: number): Markup {
  const text = look.now - at < 1000 ? "now" : `${formatAge(look.now - at)} ago`;
  return timeOf(look, at, text);
}

/** The moment itself: `14:20:05`, with its date where that is not today. */
export const clock = (look: Look, at: number): Markup => timeOf(look, at, clockText(look, at));

export function clockText({ now, zone }: Look, at: number): string {
  const [day, time] = [dayOf(at, zone), timeText(at, zone)];
  return day === dayOf(now, zone) ? time : `${day} ${time}`;
}

const timeOf = ({ zone }: Look, at: number, text: string): Markup =>
  html`<time
    datetime="${new Date(at).toISOString()}"
    title="${dayOf(at, zone)} ${timeText(at, zone)}"
    >${text}</time
  >`;

const dayOf = (at: number, zone: string): string => formatsOf(zone).day.format(at);
const timeText = (at: number, zone: string): string => formatsOf(zone).time.format(at);

interface Formats {
  readonly day: Intl.DateTimeFormat;
  readonly time: Intl.DateTimeFormat;
}

/** To make one takes longer than to use it a hundred times. */
const made = new Map<string, Formats>();

function formatsOf(timeZone: string): Formats {
  const known = made.get(timeZone);
  if (known !== undefined) return known;
  const day = new Intl.DateTimeFormat("en-CA", { timeZone, dateStyle: "short" });
  const time = new Intl.DateTimeFormat("en-GB", { timeZone, timeStyle: "medium" });
  made.set(timeZone, { day, time });
  return { day, time };
}
