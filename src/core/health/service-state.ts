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
