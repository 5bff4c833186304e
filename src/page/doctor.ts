import type { Check } from "../core/health/check.ts";
import { hintLine } from "./hint.ts";
import { commandBox } from "./layout.ts";
import type { Look, Problems } from "./look.ts";
import { counted, html, whenThere, type Markup } from "./markup.ts";
import { levelOf, stateMark } from "./services.ts";
import { ago } from "./times.ts";

export interface DoctorData {
  readonly checks: readonly Check[];
  /** When it was examined, milliseconds since the epoch. */
  readonly at: number;
}

/** How many checks are not well. */
export function problemsOf(checks: readonly Check[]): Problems {
  const count = (wanted: Check["result"]) =>
    checks.filter(({ result }) => result === wanted).length;
  return { failed: count("failed"), warnings: count("warning") };
}

/** What the server found about itself: first what is not well, with the command that mends it. */
export function doctorView(look: Look, { checks, at }: DoctorData): Markup {
  const { failed, warnings } = problemsOf(checks);
  const isBad = ({ result }: Check) => result === "failed" || result === "warning";
  const bad = checks.filter(isBad).toSorted((a, b) => a.result.localeCompare(b.result));
  const words = [
    ...(failed > 0 ? [`${failed} failed`] : []),
    ...(warnings > 0 ? [counted(warnings, "warning")] : []),
  ];
  return html`<h1>Doctor <span class="aside">${words.join(", ") || "nothing wrong"}</span></h1>
    <p class="quiet">${counted(checks.length, "check")}, ${ago(look, at)}</p>
    ${
      bad.length === 0
        ? ""
        : html`<ul class="cards">
            ${bad.map(card)}
          </ul>`
    }
    <section>
      <h2>All is well with</h2>
      <ul class="checks">
        ${checks.filter((check) => !isBad(check)).map(line)}
      </ul>
    </section>
    ${commandBox(look.command("doctor"))}`;
}

const card = ({ title, result, evidence, hint }: Check): Markup =>
  html`<li class="card ${levelOf(result)}">
    <div class="head">
      <h2>${title}</h2>
      ${stateMark(result, result)}
    </div>
    <p>${evidence}</p>
    ${whenThere(hint, hintLine)}
  </li>`;

const line = ({ title, result, evidence }: Check): Markup =>
  html`<li>
    ${stateMark(result)}<span
      ><strong>${title}</strong> <span class="quiet">${evidence}</span></span
    >
  </li>`;
