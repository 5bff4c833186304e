import type { JobInfo } from "../../core/actions/jobs.ts";
import type { MetricsAnswer, ServiceMetrics } from "../../core/actions/usage.ts";
import { formatAge, formatBytes, formatDuration, formatRequests } from "../../core/format.ts";
import { chart, columnsOf, largest, sparkline } from "../../core/metrics/chart.ts";
import { addBuckets, quantile, requestsOf, type Point } from "../../core/metrics/point.ts";
import { summarise, type Summary } from "../../core/metrics/summary.ts";
import type { Theme } from "../../core/wire/event-text.ts";
import { shortened, table } from "./table.ts";

interface View {
  /** Of the terminal. */
  readonly columns: number;
  readonly theme: Theme;
}

const notAsked = "not asked";

/** One line for each service; the curve of its requests is as wide as there is room. */
export function renderAllStats(answer: MetricsAnswer, { columns, theme }: View): string {
  if (answer.services.length === 0) return "no services yet";
  const rows = answer.services.map((one) => rowOf(one, answer, theme));
  const bare = table(headings, rows);
  const room = Math.min(30, columns - 2 - Math.max(...bare.split("\n").map((line) => line.length)));
  const length = `last ${formatAge(answer.now - answer.from)}`;
  if (room < 5) return bare;
  const curves = answer.services.map(({ points }) =>
    // Columns may hold one span more or less.
    sparkline(spread(points, answer, room).map((cell) => perSpan(requestsIn(cell), cell.length))),
  );
  const withCurves = rows.map(([name = "", ...rest], at) => [name, curves[at] ?? "", ...rest]);
  return table([headings[0], shortened(length, room), ...headings.slice(1)], withCurves);
}

const headings = ["service", "requests", "p50", "p95", "4xx", "5xx", "cpu", "memory"] as const;

function rowOf(
  { service, points }: ServiceMetrics,
  answer: MetricsAnswer,
  theme: Theme,
): readonly string[] {
  const sum = summarise(points, answer);
  const { requests, refused, failed, cpu, memory } = sum;
  const asked = [
    String(requests),
    timeOf(sum.p50, answer),
    timeOf(sum.p95, answer),
    String(refused),
    failed > 0 ? theme.failed(String(failed)) : "0",
  ];
  return [
    shortened(service, 16),
    ...(requests === 0 ? [notAsked, "", "", "", ""] : asked),
    cpu === undefined ? "" : cores(cpu),
    memory === undefined ? "" : formatBytes(memory),
  ];
}

/** What took longer than the last class tells no more than that. */
function timeOf(ms: number | undefined, { bucketsMs }: MetricsAnswer): string {
  const last = bucketsMs.at(-1) ?? Infinity;
  if (ms === undefined) return "";
  return ms >= last ? `> ${formatDuration(last)}` : formatDuration(ms);
}

const cores = (value: number): string => {
  const percent = value * 100;
  return `${percent < 9.95 ? percent.toFixed(1).replace(/\.0$/, "") : Math.round(percent)} %`;
};

interface Chart {
  readonly title: string;
  readonly most: string;
  readonly values: readonly (number | undefined)[];
  readonly isFailure?: boolean;
}

const axis = 9;
const lines = 3;

/** Charts of one service above one another, and the releases below them. */
export function renderStats(
  answer: MetricsAnswer,
  { service, points }: ServiceMetrics,
  jobs: readonly JobInfo[],
  { columns, theme }: View,
): string {
  const sum = summarise(points, answer);
  const width = Math.max(10, Math.min(100, columns - axis - 1));
  const span = `last ${formatAge(answer.now - answer.from)}`;
  const head = `${service}, ${span}: ${headOf(sum, answer)}`;
  if (points.length === 0) return `${head}\nnothing ran in this time`;
  const cells = spread(points, answer, width);
  const drawn = charts(cells, answer, sum)
    .filter(({ values }) => values.some((value) => value !== undefined))
    .flatMap((one) => draw(one, theme));
  return [
    ...fold(head, columns),
    ...drawn,
    ...marks(jobs, answer, width),
    `${" ".repeat(axis)}${timeLine(answer, width)}`,
  ]
    .map((line) => line.trimEnd())
    .join("\n");
}

function headOf({ requests, refused, failed, p50, p95 }: Summary, answer: MetricsAnswer): string {
  if (requests === 0) return notAsked;
  return `${formatRequests(requests)}, ${refused} with 4xx, ${failed} with 5xx, half within ${timeOf(p50, answer)}, 95 % within ${timeOf(p95, answer)}`;
}

function charts(
  cells: readonly (readonly Point[])[],
  answer: MetricsAnswer,
  sum: Summary,
): readonly Chart[] {
  const secondsOf = (cell: readonly Point[]) =>
    cell.reduce((total, { at }) => total + lengthOf(at, answer), 0) / 1000;
  const rate = cells.map((cell) => {
    const count = requestsIn(cell);
    return count === undefined ? undefined : count / Math.max(1, secondsOf(cell));
  });
  const times = cells.map((cell) => quantile(bucketsIn(cell), 0.95, answer.bucketsMs));
  const cpu = cells.map((cell) => {
    const seconds = secondsOf(cell);
    return seconds === 0 ? undefined : cell.reduce((total, one) => total + one.cpu, 0) / seconds;
  });
  const memory = cells.map((cell) =>
    cell.length === 0 ? undefined : largest(cell.map((one) => one.memory)),
  );
  const failed = cells.map((cell) => cell.reduce((total, { sent }) => total + sent["5xx"], 0));
  const most = largest(rate);
  return [
    {
      title: sum.requests === 0 ? `requests: ${notAsked}` : "requests a second",
      most: most < 10 ? most.toFixed(1) : String(Math.round(most)),
      values: sum.requests === 0 ? [] : rate,
    },
    {
      title: "answered with 5xx",
      most: String(largest(failed)),
      values: sum.failed === 0 ? [] : failed.map((count) => count || undefined),
      isFailure: true,
    },
    { title: "95 % answered within", most: timeOf(largest(times), answer), values: times },
    { title: "cpu", most: cores(largest(cpu)), values: cpu },
    { title: "memory", most: formatBytes(largest(memory)), values: memory },
  ];
}

const lengthOf = (at: number, { step, now }: MetricsAnswer): number =>
  Math.min(step * 1000, Math.max(0, now - at));

function draw({ title, most, values, isFailure = false }: Chart, theme: Theme): readonly string[] {
  const colour = (line: string) => (isFailure ? theme.failed(line) : line);
  const drawn = chart(values, isFailure ? 1 : lines);
  return [
    theme.dim(title),
    ...drawn.map((line, at) => `${(at === 0 ? most : "").padStart(axis - 1)} ${colour(line)}`),
  ];
}

/** A line of marks where a release went live, and their numbers where there is room. */
function marks(
  jobs: readonly JobInfo[],
  { from, to, step }: MetricsAnswer,
  width: number,
): readonly string[] {
  const live = jobs
    .flatMap(({ release, state, endedAt }) =>
      release === undefined || state !== "done" || endedAt === undefined || endedAt < from
        ? []
        : [{ release, at: endedAt }],
    )
    .toSorted((a, b) => a.at - b.at);
  if (live.length === 0) return [];
  const cells = columnsOf(live, { from, to: to + step * 1000, columns: width }, ({ at }) => at);
  // From the right: where they are too close, the newest is named.
  let text = "";
  for (const [column, cell] of [...cells.entries()].toReversed()) {
    const newest = cell.at(-1);
    if (newest === undefined) continue;
    const mark = `^${newest.release}`;
    const from = Math.min(column, width - mark.length);
    const free = width - text.length;
    if (from + mark.length < free || (text === "" && from + mark.length <= free))
      text = `${mark.padEnd(free - from)}${text}`;
  }
  return [`${"release".padStart(axis - 1)} ${text.padStart(width)}`.trimEnd()];
}

/** How long ago the left end is, and the right one. */
function timeLine({ from, now }: MetricsAnswer, width: number): string {
  const left = `${formatAge(now - from)} ago`;
  return `${left}${"now".padStart(Math.max(4, width - left.length))}`;
}

/** A column is never narrower than a span, so that no column is empty between two full ones. */
function spread(
  points: readonly Point[],
  { from, to, step }: MetricsAnswer,
  columns: number,
): readonly (readonly Point[])[] {
  const end = to + step * 1000;
  const spans = Math.round((end - from) / (step * 1000));
  const cells = columnsOf(
    points,
    { from, to: end, columns: Math.min(columns, spans) },
    ({ at }) => at,
  );
  if (spans >= columns) return cells;
  return Array.from(
    { length: columns },
    (_, column) => cells[Math.floor((column / columns) * spans)] ?? [],
  );
}

const perSpan = (count: number | undefined, spans: number): number | undefined =>
  count === undefined ? undefined : count / spans;

function requestsIn(cell: readonly Point[]): number | undefined {
  const count = cell.reduce((sum, one) => sum + requestsOf(one), 0);
  return count === 0 ? undefined : count;
}

const bucketsIn = (cell: readonly Point[]): readonly number[] =>
  cell.reduce<readonly number[]>((sum, one) => addBuckets(sum, one.buckets), []);

/** Breaks a line at its commas. */
function fold(text: string, columns: number): readonly string[] {
  const folded: string[] = [];
  for (const part of text.split(/(?<=,) /)) {
    const last = folded.at(-1);
    if (last === undefined || last.length + 1 + part.length > columns) folded.push(part);
    else folded[folded.length - 1] = `${last} ${part}`;
  }
  return folded;
}
