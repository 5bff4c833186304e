import type { PsService } from "../core/actions/watch.ts";
import type { LogLine } from "../core/logs/item.ts";
import { replicaWord } from "../core/release/processes.ts";
import { plainText } from "../core/terminal-text.ts";
import { colouredLine } from "./ansi.ts";
import { commandBox } from "./layout.ts";
import { servicePath, type Look } from "./look.ts";
import { counted, html, type Markup } from "./markup.ts";
import { serviceHead } from "./service.ts";
import { clock } from "./times.ts";

/** So many of the newest lines are kept. */
export const keptLines = 2000;

export interface LogData {
  readonly service: PsService;
  readonly lines: readonly LogLine[];
  /** Only lines with this text are shown. */
  readonly search: string;
}

/** The output of all replicas of a service, across releases: the newest lines, and with script each new one. */
export function logView(look: Look, { service: one, lines, search }: LogData): Markup {
  const shown = matching(lines, search);
  const { service } = one;
  const path = servicePath(look, service, "/log");
  return html`${serviceHead(look, one, "logs")}
    <form class="search" role="search" method="get" action="${path}">
      <label for="search">Search</label>
      <input
        id="search"
        name="search"
        type="search"
        value="${search}"
        autocomplete="off"
        spellcheck="false"
      />
      <button class="plain">Search</button>
      <button type="button" class="plain needs-script" data-pause aria-pressed="false">
        Pause
      </button>
      <p class="quiet" data-count>${counted(shown.length, "line")}</p>
    </form>
    <ol
      class="log"
      tabindex="0"
      aria-label="Log of ${service}"
      data-keep
      data-stream="${path}/live"
      data-most="${keptLines}"
    >
      ${shown.map((line) => logLine(look, service, line))}
    </ol>
    ${lines.length === 0 ? html`<p class="quiet none">No line yet.</p>` : ""}
    ${commandBox(look.command("logs", service, "-f"))}`;
}

/** Without regard to case, on the text without its colours. */
export function matching(lines: readonly LogLine[], search: string): readonly LogLine[] {
  const wanted = search.toLowerCase();
  if (wanted === "") return lines;
  return lines.filter(({ text }) => plainText(text).toLowerCase().includes(wanted));
}

/** One line as an entry of the list. */
export function logLine(look: Look, service: string, line: LogLine): Markup {
  const { at, release, stream, text } = line;
  const who = replicaWord(service, line);
  return html`<li${stream === "stderr" ? html` class="err"` : ""}>${clock(look, Date.parse(at))} <b title="release ${release}">${who}</b> <span>${colouredLine(text)}</span></li>`;
}
