import type { ReleaseInfo } from "../actions/lifecycle.ts";
import type { PsReplica, PsService } from "../actions/watch.ts";

/** Those that run of a process; undefined stands for `web`. */
export const runningOf = (
  { replicas }: PsService,
  process: string | undefined,
): readonly PsReplica[] =>
  replicas.filter((replica) => replica.process === process && replica.upMs !== undefined);

/** The state of a service in one word: what is worst is what one wants to see first. */
export function worstState({ state, replicas, maintenance }: PsService): string {
  const words = replicas.map((replica) => replica.state);
  if (words.includes("crashing")) return "crashing";
  if (replicas.some(({ health }) => health === "unhealthy")) return "unhealthy";
  return maintenance === undefined ? state : "closed";
}

/** The state of a release in one word: one that was retired can be gone back to, or not. */
export function releaseWord({ state, canRollBack }: ReleaseInfo): string {
  if (state !== "retired") return state;
  return canRollBack ? "kept" : "gone";
}

/** The sum of what is known; undefined where nothing is. */
export function sumKnown(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined);
  return known.length === 0 ? undefined : known.reduce((a, b) => a + b, 0);
}
