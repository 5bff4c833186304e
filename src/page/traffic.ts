import type { ReleaseInfo } from "../core/actions/lifecycle.ts";
import type { MetricsAnswer } from "../core/actions/usage.ts";
import { formatBytes, formatDuration, formatRequests } from "../core/format.ts";
import { quantile, regroup, requestsOf, spanOf, type Point } from "../core/metrics/point.ts";
import { summarise } from "../core/metrics/summary.ts";
import { chart, sparkline, type Chart } from "./chart.ts";
import { servicePath, type Look } from "./look.ts";
import { html, percent, type Markup } from "./markup.ts";
import { clockText } from "./times.ts";

/** What can be looked back at, and what it is called. */
export const spans = {
  "1h": { ms: 3_600_000, name: "1 hour" },
  "24h": { ms: 86_400_000, name: "24 hours" },
  "30d": { ms: 30 * 86_400_000, name: "30 days" },
} as const;

export type SpanName = keyof typeof spans;

export const isSpan = (word: string): word is SpanName => Object.hasOwn(spans, word);

interface Spans {
  readonly points: readonly (Point | undefined)[];
  readonly times: readonly number[];
  /** Seconds that a point stands for. */
  readonly secondsOf: (point: Point) => number;
}

/** No screen shows more. */
const mostPoints = 240;

/** Points in equal spans from the first to the last; undefined where there is none. */
function inSpans({ step, from, to, now }: MetricsAnswer, own: readonly Point[]): Spans {
  const count = Math.ceil((to - from) / (step * 1000)) + 1;
  const stepMs = step * 1000 * Math.ceil(count / mostPoints);
  const known = new Map(regroup(own, stepMs).map((point) => [point.at, point]));
  const first = spanOf(from, stepMs);
  const length = Math.floor((to - first) / stepMs) + 1;
  const times = Array.from({ length }, (_, index) => first + index * stepMs);
  const secondsOf = ({ at }: Point) => Math.max(1, Math.min(stepMs, now - at) / 1000);
  return { points: times.map((at) => known.get(at)), times, secondsOf };
}

/** Requests of the last hour as a curve, with what they were; for a row of a list. */
export function trafficCell(answer: MetricsAnswer, service: string): Markup {
  const own = ownPoints(answer, service);
  const { requests, failed, p95 } = summarise(own, answer);
  if (requests === 0) return html`<div class="traffic quiet">not asked</div>`;
  const { points, secondsOf } = inSpans(answer, own);
  const values = points.map((point) => point && requestsOf(point) / secondsOf(point));
  const lost = failed > 0 ? html`, <span class="failed">${failed} failed</span>` : "";
  return html`<div class="traffic">
    ${sparkline(values, `Requests of ${service} in the last hour`)}
    <p class="quiet">${formatRequests(requests)}${lost}, p95 ${timeText(p95)}</p>
  </div>`;
}

/** A service that is new has none. */
const ownPoints = ({ services }: MetricsAnswer, service: string): readonly Point[] =>
  services.find((one) => one.service === service)?.points ?? [];

/** Requests, answer times, CPU and memory of a service over time, with the releases drawn into them. */
export function trafficCharts(
  look: Look,
  service: string,
  answer: MetricsAnswer,
  { releases, span }: { readonly releases: readonly ReleaseInfo[]; readonly span: SpanName },
): Markup {
  const own = ownPoints(answer, service);
  const { points, times, secondsOf } = inSpans(answer, own);
  const sum = summarise(own, answer);
  const each = <T>(read: (point: Point) => T) => points.map((point) => point && read(point));
  const rate = (count: (point: Point) => number) =>
    each((point) => count(point) / secondsOf(point));
  const time = (share: number) => each(({ buckets }) => quantile(buckets, share, answer.bucketsMs));
  const common = {
    times,
    marks: releases
      .filter(({ receipt }) => receipt !== undefined)
      .map(({ release, created }) => ({ at: created, name: `r${release}` })),
    timeText: (at: number) => clockText(look, at).replace(/:\d\d$/, ""),
  };
  const asked = sum.requests === 0 ? "not asked" : formatRequests(sum.requests);
  const failed = {
    colour: "failed",
    name: "failed",
    values: rate(({ sent }) => sent["5xx"]),
    summary: String(sum.failed),
  };
  const charts: readonly Chart[] = [
    {
      ...common,
      title: "Requests",
      format: (value) => `${value.toFixed(1)} a second`,
      series: [
        { colour: "p1", name: "all", values: rate(requestsOf), summary: asked },
        ...(sum.failed > 0 ? [failed] : []),
      ],
    },
    {
      ...common,
      title: "Answer time",
      format: timeText,
      series: [
        { colour: "p1", name: "p95", values: time(0.95), summary: timeText(sum.p95) },
        { colour: "p3", name: "p50", values: time(0.5), summary: timeText(sum.p50) },
      ],
    },
    {
      ...common,
      title: "CPU",
      format: percent,
      series: [
        {
          colour: "p1",
          name: "of one core",
          values: each((point) => point.cpu / secondsOf(point)),
          summary: percent(sum.cpu),
        },
      ],
    },
    {
      ...common,
      title: "Memory",
      format: formatBytes,
      series: [
        {
          colour: "p1",
          name: "all replicas",
          values: each(({ memory }) => (memory > 0 ? memory : undefined)),
          summary: sum.memory === undefined ? "–" : formatBytes(sum.memory),
        },
      ],
    },
  ];
  return html`<section>
    <div class="head">
      <h2>Last ${spans[span].name}</h2>
      ${Object.entries(spans).map(([name, other]) => (name === span ? "" : html`<a href="${servicePath(look, service)}?span=${name}">${other.name}</a>`))}
    </div>
    <div class="charts">${charts.map(chart)}</div>
  </section>`;
}

const timeText = (ms: number | undefined): string =>
  ms === undefined ? "not asked" : formatDuration(ms);
