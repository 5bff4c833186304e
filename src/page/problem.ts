import type { FailedEvent } from "../core/wire/events.ts";
import { hintLine, sentence } from "./hint.ts";
import type { Look } from "./look.ts";
import { html, whenThere, type Markup } from "./markup.ts";

/** What went wrong, what still runs, and the way out. */
export const problemView = (look: Look, failure: Omit<FailedEvent, "kind">): Markup =>
  html`<h1>That did not work</h1>
    <div class="card failed">
      <p class="lead">${sentence(failure.message)}</p>
      ${failure.details.length === 0 ? "" : html`<pre tabindex="0">${failure.details.join("\n")}</pre>`}
      ${whenThere(failure.still, (still) => html`<p>${sentence(still)}.</p>`)}
      ${whenThere(failure.hint, hintLine)}
    </div>
    <p><a href="${look.base}">All services</a></p>`;
