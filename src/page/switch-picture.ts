import type { JobStep } from "../core/actions/jobs.ts";
import type { Receipt } from "../core/actions/lifecycle.ts";
import { formatDuration, formatRequests } from "../core/format.ts";
import { bar, swatch } from "./bar.ts";
import type { Look } from "./look.ts";
import { html, type Markup } from "./markup.ts";

/** What a step of the journal is called for people, and its colour. */
const parts: Readonly<Record<string, readonly [name: string, colour: string]>> = {
  queue: ["queue", "off"],
  build: ["build", "p1"],
  prepare: ["prepare", "p1"],
  "release-command": ["release command", "p2"],
  hold: ["hold", "p3"],
  "stop-old": ["stop the old release", "warning"],
  start: ["start", "p2"],
  ready: ["wait until ready", "p3"],
  "cut-over": ["cut-over", "good"],
  drain: ["drain", "p4"],
  "take-names": ["take the names", "p4"],
  retire: ["remove the old release", "p4"],
  undo: ["undo", "failed"],
};

/** The switch of a job as one bar: what it did after what, how long each part took, and what it was for clients. */
export function switchPicture(
  look: Look,
  steps: readonly JobStep[],
  receipt: Receipt | undefined,
): Markup | "" {
  const timed = steps.map(({ step, at, ms }) => {
    const [name, colour] = parts[step] ?? [step, "p4"];
    return { name, colour, value: ms ?? Math.max(0, look.now - at), isOpen: ms === undefined };
  });
  if (timed.length === 0) return "";
  const whole = timed.reduce((sum, { value }) => sum + value, 0);
  return html`<figure class="switch">
    <figcaption>
      ${titleOf(receipt)} <span class="aside">${formatDuration(whole)} in all</span>
    </figcaption>
    ${bar(timed)}
    <ol class="legend">
      ${timed.map(({ name, colour, value, isOpen }) => html`<li>${swatch(colour)} ${name} <span class="quiet">${formatDuration(value)}${isOpen ? " so far" : ""}</span></li>`)}
    </ol>
  </figure>`;
}

function titleOf(receipt: Receipt | undefined): Markup | string {
  const { requests, failed } = receipt ?? {};
  if (requests === undefined || failed === undefined) return "What it did";
  if (requests === 0) return "Nobody asked meanwhile";
  const lost = failed > 0 ? html`<span class="failed">${failed} failed</span>` : "0 failed";
  return html`${formatRequests(requests)}, ${lost}`;
}
