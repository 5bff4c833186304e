import { UserError } from "../core/errors.ts";
import { messages } from "./messages.ts";
import type { SwitchContext } from "./switch-context.ts";

type Waiting = Pick<SwitchContext, "clock" | "say">;

const retryMs = 3_000;
/** The longest wait for a Traefik that hangs; it reads the rest when it goes on. */
const longestTraefikMs = 5 * 60_000;

/** True when Docker did not answer, which says nothing about what it was asked for. */
export const isEngineAway = (error: unknown): boolean =>
  codeOf(error) === "docker-unreachable" || codeOf(error) === "docker-silent";

/** Repeats work while Docker is away, because half of it must not stay undone. Says so once. */
export const untilEngineAnswers = <T>(waiting: Waiting, work: () => Promise<T>): Promise<T> =>
  repeating({ ...waiting, system: "Docker", isAway: isEngineAway }, work);

/**
 * Repeats work that waits for Traefik while Traefik hangs, because it may still send requests by its old routing.
 * A stopped Traefik needs no wait: it reads the whole configuration when it starts.
 */
export function untilTraefikAnswers(waiting: Waiting, work: () => Promise<void>): Promise<void> {
  const begun = waiting.clock.now();
  const isAway = (error: unknown) =>
    codeOf(error) === "traefik-silent" && waiting.clock.now() - begun < longestTraefikMs;
  return repeating({ ...waiting, system: "Traefik", isAway }, work);
}

async function repeating<T>(
  { clock, say, system, isAway }: Waiting & { system: string; isAway: (error: unknown) => boolean },
  work: () => Promise<T>,
): Promise<T> {
  for (let isSaid = false; ; isSaid = true) {
    try {
      return await work();
    } catch (error) {
      if (!isAway(error)) throw error;
      if (!isSaid) say(messages.waitingFor(system, error));
      await clock.sleep(retryMs);
    }
  }
}

const codeOf = (error: unknown): string | undefined =>
  error instanceof UserError ? error.code : undefined;

/** One failure must not keep the rest from being undone, except that of an engine that is away: then all of it is done again. */
export async function tried(
  { say }: Pick<SwitchContext, "say">,
  effect: () => Promise<void>,
): Promise<boolean> {
  try {
    await effect();
    return true;
  } catch (error) {
    if (isEngineAway(error)) throw error;
    say(messages.leftOver("while undoing", error));
    return false;
  }
}
