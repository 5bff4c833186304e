import { html, raw, type Markup } from "./markup.ts";
import { largest } from "../core/metrics/chart.ts";

export interface Series {
  /** Class of its colour. */
  readonly colour: string;
  readonly name: string;
  /** One for each moment; undefined where nothing is known. */
  readonly values: readonly (number | undefined)[];
  /** What it is on the whole. */
  readonly summary: string;
}

export interface Chart {
  readonly title: string;
  readonly series: readonly Series[];
  /** Milliseconds since the epoch, ascending. */
  readonly times: readonly number[];
  /** Moments that are drawn as lines, such as releases that went live. */
  readonly marks: readonly { readonly at: number; readonly name: string }[];
  readonly format: (value: number) => string;
  readonly timeText: (at: number) => string;
}

const [width, height] = [400, 90];

/** Values over time as lines, with their summaries and the highest of all as text. */
export function chart({ title, series, times, marks, format, timeText }: Chart): Markup {
  const highest = largest(series.flatMap(({ values }) => values));
  const [from = 0, until = 1] = [times[0], times.at(-1)];
  const scale: Scale = {
    x: (at) => (width * (at - from)) / Math.max(1, until - from),
    y: (value) => height - (height * value) / (highest || 1),
  };
  const inside = marks.filter(({ at }) => at >= from && at <= until);
  const spoken = series.map(({ name, summary }) => `${name} ${summary}`).join(", ");
  return html`<figure class="chart">
    <figcaption>${title}</figcaption>
    <ul class="legend">
      ${series.map(({ colour, name, summary }) => html`<li><b class="${colour}">–</b> ${name} <strong>${summary}</strong></li>`)}
    </ul>
    <svg viewBox="0 -2 ${width} ${height + 4}" role="img" aria-label="${title}: ${spoken}">
      ${inside.map((mark) => markLine(mark, scale.x(mark.at)))}
      ${series.map(({ colour, values }) => html`<path class="${colour}" d="${raw(path(values, times, scale))}"></path>`)}
    </svg>
    <p class="ends">
      <span>${timeText(from)}</span>
      <span>${highest === 0 ? "" : `at most ${format(highest)}`}</span>
      <span>${timeText(until)}</span>
    </p>
  </figure>`;
}

const markLine = ({ name }: { readonly name: string }, x: number): Markup =>
  html`<path class="mark" d="M${raw(x.toFixed(1))} 0V${height}"></path
    ><text x="${raw((x + 3).toFixed(1))}" y="7">${name}</text>`;

/** The same without words, for a row of a list. */
export function sparkline(values: readonly (number | undefined)[], name: string): Markup {
  const highest = largest(values);
  const times = values.map((_, index) => index);
  const scale: Scale = {
    x: (at) => (100 * at) / Math.max(1, values.length - 1),
    y: (value) => 19 - (18 * value) / (highest || 1),
  };
  return html`<svg
    class="spark"
    viewBox="0 0 100 20"
    preserveAspectRatio="none"
    role="img"
    aria-label="${name}"
  >
    <path class="p1" d="${raw(path(values, times, scale))}"></path>
  </svg>`;
}

interface Scale {
  readonly x: (at: number) => number;
  readonly y: (value: number) => number;
}

/** A line that is broken where nothing is known; a value alone is a dot. */
function path(
  values: readonly (number | undefined)[],
  times: readonly number[],
  { x, y }: Scale,
): string {
  return values
    .map((value, index) => {
      if (value === undefined) return "";
      const word = index > 0 && values[index - 1] !== undefined ? "L" : "M";
      const at = `${x(times[index] ?? 0).toFixed(1)} ${y(value).toFixed(1)}`;
      const isAlone = word === "M" && values[index + 1] === undefined;
      return `${word}${at}${isAlone ? "h.5" : ""}`;
    })
    .join("");
}
