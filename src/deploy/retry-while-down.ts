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
export async function untilEngineAnswers<T>(
  { clock, say }: Waiting,
  work: () => Promise<T>,
): Promise<T> {
  for (let isSaid = false; ;) {
    try {
      return await work();
    } catch (error) {
      if (!isEngineAway(error)) throw error;
      if (!isSaid) say(messages.waitingFor("Docker", error));
      isSaid = true;
      await clock.sleep(retryMs);
    }
  }
}

/**
 * Repeats work that waits for Traefik while Traefik hangs, because it may still send requests by its old routing.
 * A stopped Traefik needs no wait: it reads the whole configuration when it starts.
 */
export async function untilTraefikAnswers(
  { clock, say }: Waiting,
  work: () => Promise<void>,
): Promise<void> {
  const begun = clock.now();
  for (let isSaid = false; ;) {
    try {
      return await work();
    } catch (error) {
      const isOver = clock.now() - begun >= longestTraefikMs;
      if (codeOf(error) !== "traefik-silent" || isOver) throw error;
      if (!isSaid) say(messages.waitingFor("Traefik", error));
      isSaid = true;
      await clock.sleep(retryMs);
    }
  }
}

const codeOf = (error: unknown): string | undefined =>
  error instanceof UserError ? error.code : undefined;
