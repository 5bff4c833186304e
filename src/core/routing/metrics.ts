import type { Release } from "../release/release.ts";
import type { RoutingServer } from "./release-routing.ts";
import { traefikServiceName } from "../release/names.ts";
import { releaseRouting } from "./release-routing.ts";

/** One line of Traefik's count of answers; it begins at 0 with the router, and again when Traefik starts. */
export interface AnswerCount {
  /** Its labels as Traefik writes them: the same from one reading to the next. */
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

/**
 * Routers and not services: Traefik counts a service inside the retry, once for each dial of a waiting request, and a router around
 * everything, once for the answer that the client got. An answer that breaks off in its middle is counted by neither.
 */
const metric = "traefik_router_requests_total";

/** What a switch would do wrong comes as one of these; another 5xx is the app's own. An app that answers with one of these itself is counted too. */
const failures: ReadonlySet<number> = new Set([502, 503, 504]);

/** What Traefik's metrics say of answers. */
export interface Metrics {
  readonly counts: readonly AnswerCount[];
  /** When Traefik was started, in seconds since the epoch: where it differs, every count began anew. */
  readonly started: number | undefined;
}

/** Reads Traefik's metrics in the text format of Prometheus; whatever is nothing of ours is passed over. */
export function readMetrics(text: string): Metrics {
  const [, started] = /^process_start_time_seconds (\S+)$/m.exec(text) ?? [];
  return {
    counts: readCounts(text),
    started: started === undefined ? undefined : Number(started),
  };
}

function readCounts(text: string): readonly AnswerCount[] {
  const found: AnswerCount[] = [];
  const begin = `${metric}{`;
  for (let at = text.indexOf(begin); at !== -1; at = text.indexOf(begin, at + 1)) {
    if (at > 0 && text[at - 1] !== "\n") continue;
    const end = text.indexOf("\n", at);
    const count = readLine(text.slice(at + begin.length, end === -1 ? undefined : end));
    if (count !== undefined) found.push(count);
  }
  return found;
}

const label = /[ \t]*([a-zA-Z_]\w*)[ \t]*=[ \t]*"((?:[^"\\]|\\.)*)"[ \t]*,?/y;
const rest = /^[ \t]*\}[ \t]*(\S+)(?:[ \t]+-?\d+)?[ \t\r]*$/;

/** A line after its opening brace. */
function readLine(line: string): AnswerCount | undefined {
  const labels = new Map<string, string>();
  label.lastIndex = 0;
  let end = 0;
  for (let match = label.exec(line); match !== null; match = label.exec(line)) {
    labels.set(match[1] ?? "", unescape(match[2] ?? ""));
    end = label.lastIndex;
  }
  const [, number = ""] = rest.exec(line.slice(end)) ?? [];
  const router = counted(labels.get("router"), labels.get("service"));
  const code = Number(labels.get("code") ?? Number.NaN);
  const value = number === "" ? Number.NaN : Number(number);
  if (router === undefined || !Number.isSafeInteger(code) || !(value >= 0 && value < Infinity))
    return undefined;
  return { series: line.slice(0, end), router, code, value };
}

/** Routers of places that were taken over are called by who lost them, and count for who answers there. */
function counted(router: string | undefined, service: string | undefined): string | undefined {
  return router?.startsWith("yield-") === true ? takenBy(service ?? "") : router;
}

const takenBy = (service: string): string => `taken by ${service}`;

const unescape = (value: string): string =>
  value.replaceAll(/\\(.)/g, (_, char: string) => (char === "n" ? "\n" : char));

/** What was answered between two readings, by router; `before` holds the value of each series. A series that has shrunk, or was not there, began anew. */
export function answersSince(
  before: ReadonlyMap<string, number>,
  now: readonly AnswerCount[],
): ReadonlyMap<string, Answers> {
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

/** Adds up what several readings have found. */
export function addAll(
  sums: ReadonlyMap<string, Answers>,
  more: ReadonlyMap<string, Answers>,
): ReadonlyMap<string, Answers> {
  const added = new Map(sums);
  for (const [name, answers] of more) added.set(name, addAnswers(sums.get(name), answers));
  return added;
}

/** The answers of these routers together. */
export function sumOf(
  answers: ReadonlyMap<string, Answers>,
  routers: ReadonlySet<string>,
): Answers {
  return [...routers].reduce((sum, name) => addAnswers(sum, answers.get(name)), none);
}

/** Every router that answers requests to a service while it goes from one release to another, by what it is for. */
export function switchRouters(
  { from, to }: { readonly from: Release | undefined; readonly to: Release },
  server: RoutingServer,
): { readonly own: ReadonlySet<string>; readonly holds: ReadonlySet<string> } {
  const names = [from, to]
    .filter((release) => release !== undefined)
    .flatMap((release) => releaseRouting(release, server).routers.map(({ name }) => name));
  const taken = [from, to]
    .filter((release) => release !== undefined)
    .map(({ spec, number }) => takenBy(`${traefikServiceName(spec.slug, number)}@docker`));
  return {
    own: new Set([
      ...names.flatMap((name) => [
        `${name}@docker`,
        `rest-${name}@file`,
        `https-${name}@file`,
        `left-${name}@file`,
      ]),
      ...taken,
    ]),
    holds: new Set(names.map((name) => `hold-${name}@file`)),
  };
}
