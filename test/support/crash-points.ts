import { readFile, rename, rm, writeFile } from "node:fs/promises";
import { existsSync, readFileSync } from "node:fs";
import { randomUUID } from "node:crypto";
import { join } from "node:path";

/** `sent`: the request to Docker is out, and its answer will find nobody. */
export type Phase = "before" | "sent" | "after";

/** One moment in the life of a worker: the so-many-th time that it does this. */
export interface Point {
  readonly effect: string;
  readonly times: number;
  readonly phase: Phase;
}

/** What the test asks of a worker: to write down its effects, and to end at one of them. */
export interface Armed {
  readonly id: string;
  readonly point?: Point;
  /** At the so-many-th moment of any kind. */
  readonly count?: number;
}

export const controlIn = (folder: string): string => join(folder, "armed.json");
export const traceIn = (folder: string): string => join(folder, "trace");
export const diedIn = (folder: string): string => join(folder, "died");

/** The flags of Node with which a worker obeys the files in this folder. */
export const crashFlags = (folder: string): readonly string[] => [
  "--import",
  `file://${join(import.meta.dirname, "crash-preload.ts")}?folder=${encodeURIComponent(folder)}`,
];

/** Arms the worker that runs, or the next one. */
export async function arm(folder: string, what: Omit<Armed, "id">): Promise<void> {
  await rm(diedIn(folder), { force: true });
  await rm(traceIn(folder), { force: true });
  const next = join(folder, "next.json");
  await writeFile(next, JSON.stringify({ ...what, id: randomUUID() }));
  await rename(next, controlIn(folder));
}

export const disarm = (folder: string): Promise<void> => rm(controlIn(folder), { force: true });

/** Where the worker has ended; undefined while it has not. */
export function diedAt(folder: string): string | undefined {
  if (!existsSync(diedIn(folder))) return undefined;
  return readFileSync(diedIn(folder), "utf8");
}

/** The effects that a worker had since it was armed, in order. */
export async function traced(folder: string): Promise<readonly string[]> {
  const text = await readFile(traceIn(folder), "utf8").catch(() => "");
  return text.split("\n").filter(Boolean);
}

/** Words of a build may be many; no job depends on how many of them are kept. */
const mostTimes = 3;

/** All moments of a life with these effects, in their order. */
export function pointsOf(effects: readonly string[]): readonly Point[] {
  const counts = new Map<string, number>();
  return effects.flatMap((effect) => {
    const times = (counts.get(effect) ?? 0) + 1;
    counts.set(effect, times);
    if (times > mostTimes) return [];
    const phases: readonly Phase[] = effect.startsWith("docker ")
      ? ["before", "sent", "after"]
      : ["before", "after"];
    return phases.map((phase) => ({ effect, times, phase }));
  });
}

export const pointName = ({ phase, effect, times }: Point): string =>
  `${phase} ${effect}${times === 1 ? "" : ` (${times})`}`;

/** So many of the points by chance, in their order. */
export function chosen(
  points: readonly Point[],
  most: number,
  random: () => number,
): readonly Point[] {
  const left = points.map((point, at) => ({ point, at, rank: random() }));
  return left
    .toSorted((a, b) => a.rank - b.rank)
    .slice(0, most)
    .toSorted((a, b) => a.at - b.at)
    .map(({ point }) => point);
}
