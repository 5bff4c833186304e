import type { Release } from "../release/release.ts";
import { balancersOf } from "./balancers.ts";
import { releaseRouting, type RoutingServer } from "./release-routing.ts";
import { isWaitService } from "./waiting.ts";

/** One line of Traefik's count of answers. It begins at 0 with the router, and again when Traefik restarts. */
export interface AnswerCount {
  /** Its labels as Traefik writes them; the same in every reading. */
  readonly series: string;
  /** With its provider, such as `hold-web-r43-1@file`. */
  readonly router: string;
  readonly code: number;
  readonly value: number;
}

/** Answers of one router, or of all routers of a switch together. */
export interface Answers {
  readonly requests: number;
  readonly failed: number;
}

/** By name, mostly of routers. */
export type AnswersBy = ReadonlyMap<string, Answers>;

/** Traefik counts a service inside the retry, once for each attempt of a waiting request. It counts a router outside, once for the answer to the client. A broken answer is counted by neither. */
const metric = "traefik_router_requests_total";
const serviceMetric = "traefik_service_requests_total";

/** The name under which the attempts of all waiting requests are counted, of all services together. */
export const waitingDials = "dials of waiting requests";

/** Errors of a switch have these codes; any other 5xx is the app's own. The app's own 502, 503 and 504 are counted too. */
const failures: ReadonlySet<number> = new Set([502, 503, 504]);

/** True for a status that a receipt counts as failed. */
export const isFailure = (status: number): boolean => failures.has(status);

/** Traefik's counts of answers. */
export interface Metrics {
  readonly counts: readonly AnswerCount[];
  /** False where Traefik counts no attempts, because its configuration is older. */
  readonly countsDials: boolean;
  /** Start of Traefik in seconds since the epoch; every count restarts with it. */
  readonly started: number | undefined;
}

/** Reads Traefik's metrics in the text format of Prometheus; skips all other lines. */
export function readMetrics(text: string): Metrics {
  const counts = [...readCounts(text, metric), ...readCounts(text, serviceMetric)];
  return {
    counts,
    countsDials: text.includes(`\n${serviceMetric}{`),
    started: startOf(text),
  };
}

/** Start of Traefik in seconds since the epoch. */
export function startOf(text: string): number | undefined {
  const [, started] = /^process_start_time_seconds (\S+)$/m.exec(text) ?? [];
  return started === undefined ? undefined : Number(started);
}

function readCounts(text: string, name: string): readonly AnswerCount[] {
  const found: AnswerCount[] = [];
  const begin = `${name}{`;
  for (let at = text.indexOf(begin); at !== -1; at = text.indexOf(begin, at + 1)) {
    if (at > 0 && text[at - 1] !== "\n") continue;
    const end = text.indexOf("\n", at);
    const count = readLine(text.slice(at + begin.length, end === -1 ? undefined : end));
    if (count !== undefined) found.push(count);
  }
  return found;
}

const label = /[ \t]*([a-zA-Z_]\w*)[ \t]*=[ \t]*"((?:[^"\\]|\\.)*)"[ \t]*,?/y;
const valuePattern = /^[ \t]*\}[ \t]*(\S+)(?:[ \t]+-?\d+)?[ \t\r]*$/;

/** Reads a line after its opening brace. */
function readLine(line: string): AnswerCount | undefined {
  const { labels, end } = readLabels(line);
  const [, number = ""] = valuePattern.exec(line.slice(end)) ?? [];
  const value = number === "" ? Number.NaN : Number(number);
  const { router, code } = counterOf(labels) ?? {};
  if (router === undefined || code === undefined || !(value >= 0 && value < Infinity))
    return undefined;
  return { series: line.slice(0, end), router, code, value };
}

/** Reads the labels of a count; undefined where it counts nothing of a service. */
export function readSeries(
  series: string,
): { readonly router: string; readonly code: number; readonly method: string } | undefined {
  const { labels } = readLabels(series);
  const counter = counterOf(labels);
  return counter && { ...counter, method: labels.get("method") ?? "" };
}

function counterOf(labels: ReadonlyMap<string, string>) {
  const router = counted(labels.get("router"), labels.get("service"));
  const code = Number(labels.get("code") ?? Number.NaN);
  return router === undefined || !Number.isSafeInteger(code) ? undefined : { router, code };
}

function readLabels(line: string): {
  readonly labels: ReadonlyMap<string, string>;
  readonly end: number;
} {
  const labels = new Map<string, string>();
  label.lastIndex = 0;
  let end = 0;
  for (let match = label.exec(line); match !== null; match = label.exec(line)) {
    labels.set(match[1] ?? "", unescape(match[2] ?? ""));
    end = label.lastIndex;
  }
  return { labels, end };
}

/** The router of a taken-over route has the old owner's name, and counts for the new one. Of services only those of waiting requests count. */
function counted(router: string | undefined, service = ""): string | undefined {
  if (router === undefined) return isWaitService(service) ? waitingDials : undefined;
  return router.startsWith("yield-") ? takenBy(service) : router;
}

const takenBy = (service: string): string => `taken by ${service}`;

const unescape = (value: string): string =>
  value.replaceAll(/\\(.)/g, (_, char: string) => (char === "n" ? "\n" : char));

/** Answers between two readings, by router; `before` holds the value of each series. A smaller or new series restarted at 0. */
export function answersSince(
  before: ReadonlyMap<string, number>,
  now: readonly AnswerCount[],
): AnswersBy {
  const grown = new Map<string, Answers>();
  for (const { series, router, code, value } of now) {
    const last = before.get(series) ?? 0;
    const requests = value < last ? value : value - last;
    if (requests === 0) continue;
    const failed = failures.has(code) ? requests : 0;
    grown.set(router, addAnswers(grown.get(router), { requests, failed }));
  }
  return grown;
}

const none: Answers = { requests: 0, failed: 0 };

const addAnswers = (one: Answers = none, other: Answers = none): Answers => ({
  requests: one.requests + other.requests,
  failed: one.failed + other.failed,
});

/** Adds the answers of another reading. */
export function addAll(sums: AnswersBy, more: AnswersBy): AnswersBy {
  const added = new Map(sums);
  for (const [name, answers] of more) added.set(name, addAnswers(sums.get(name), answers));
  return added;
}

/** The answers of these routers together. */
export const sumOf = (answers: AnswersBy, routers: ReadonlySet<string>): Answers =>
  [...routers].reduce((sum, name) => addAnswers(sum, answers.get(name)), none);

/** Names of all routers that answer for a service during a switch: its own, and its holds. */
export function switchRouters(
  { from, to }: { readonly from: Release | undefined; readonly to: Release },
  server: RoutingServer,
): { readonly own: ReadonlySet<string>; readonly holds: ReadonlySet<string> } {
  const releases = from === undefined ? [to] : [from, to];
  const names = releases.flatMap((release) =>
    releaseRouting(release, server).routers.map(({ name }) => name),
  );
  const taken = releases
    .flatMap((release) =>
      Object.keys(balancersOf(release, releaseRouting(release, server).routers)),
    )
    .map((name) => takenBy(`${name}@docker`));
  const inFile = ["rest", "https", "left"].flatMap((why) =>
    names.map((name) => `${why}-${name}@file`),
  );
  return {
    own: new Set([...names.map((name) => `${name}@docker`), ...inFile, ...taken]),
    holds: new Set(names.map((name) => `hold-${name}@file`)),
  };
}
