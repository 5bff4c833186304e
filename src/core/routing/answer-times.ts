import { bucketsMs } from "../metrics/point.ts";
import { readSeries } from "./metrics.ts";

/** Traefik's count of answers of one router, code and method, by time. */
export interface TimedCount {
  /** Its labels as Traefik writes them, without the end of a class. */
  readonly series: string;
  readonly router: string;
  readonly code: number;
  readonly method: string;
  /** Since the start of Traefik: for each of `bucketsMs`, and above the last. */
  readonly buckets: readonly number[];
}

const begin = "traefik_router_request_duration_seconds_bucket{";
const beforeEnd = ',le="';

/**
 * Reads the classes of answer times. Traefik's classes may be others, where it was started by an older mypaas:
 * a class counts for the one of ours that ends at the same time or next after it.
 */
export function readTimes(text: string): readonly TimedCount[] {
  const found = new Map<string, number[]>();
  const sums = new Map<string, number>();
  for (let at = text.indexOf(begin); at !== -1;) {
    const lineEnd = text.indexOf("\n", at);
    const line = text.slice(at + begin.length, lineEnd === -1 ? undefined : lineEnd);
    add(line, found, sums);
    at = lineEnd === -1 ? -1 : text.indexOf(begin, lineEnd);
  }
  return [...found].flatMap(([series, buckets]) => {
    const read = readSeries(series);
    return read === undefined ? [] : [{ series, ...read, buckets }];
  });
}

/** Each line counts what took at most so long, those of the lines above included. */
function add(line: string, found: Map<string, number[]>, sums: Map<string, number>): void {
  const cut = line.indexOf(beforeEnd);
  const quote = line.indexOf('"', cut + beforeEnd.length);
  const count = Number(
    line
      .slice(line.indexOf("}", quote) + 1)
      .trim()
      .split(" ")[0],
  );
  if (cut === -1 || quote === -1 || !Number.isSafeInteger(count)) return;
  const series = line.slice(0, cut);
  const buckets = found.get(series) ?? Array.from({ length: bucketsMs.length + 1 }, () => 0);
  found.set(series, buckets);
  const more = count - (sums.get(series) ?? 0);
  sums.set(series, count);
  const index = indexOf(line.slice(cut + beforeEnd.length, quote));
  buckets[index] = (buckets[index] ?? 0) + Math.max(0, more);
}

function indexOf(end: string): number {
  // In seconds; 0.005 * 1000 is not 5.
  const ms = end === "+Inf" ? Infinity : Math.round(Number(end) * 1e6) / 1e3;
  const index = bucketsMs.findIndex((one) => ms <= one);
  return index === -1 ? bucketsMs.length : index;
}
