import { UserError } from "../core/errors.ts";
import { messages } from "./messages.ts";
import type { SwitchContext } from "./switch-context.ts";

type Waiting = Pick<SwitchContext, "clock" | "say">;

const retryMs = 3_000;
/** A Traefik that hangs is waited for that long; what it has not heard by then it hears when it goes on. */
const traefikPatienceMs = 5 * 60_000;

/** True when Docker could not be asked, which says nothing about what it was asked for. */
export const isDockerAway = (error: unknown): boolean =>
  codeOf(error) === "docker-unreachable" || codeOf(error) === "docker-silent";

/** Does work that may be repeated, again and again while Docker is away: half of it must not stay undone. Says so once. */
export async function untilDockerAnswers<T>(
  { clock, say }: Waiting,
  work: () => Promise<T>,
): Promise<T> {
  for (let told = false; ;) {
    try {
      return await work();
    } catch (error) {
      if (!isDockerAway(error)) throw error;
      if (!told) say(messages.waitingFor("Docker", error));
      told = true;
      await clock.sleep(retryMs);
    }
  }
}

/**
 * Does work that waits for Traefik, again and again while it hangs: what it has not heard of yet it may still act upon.
 * One that does not run at all is not waited for, because it reads everything anew when it starts.
 */
export async function untilTraefikAnswers(
  { clock, say }: Waiting,
  work: () => Promise<void>,
): Promise<void> {
  const begun = clock.now();
  for (let told = false; ;) {
    try {
      return await work();
    } catch (error) {
      const isOver = clock.now() - begun >= traefikPatienceMs;
      if (codeOf(error) !== "traefik-silent" || isOver) throw error;
      if (!told) say(messages.waitingFor("Traefik", error));
      told = true;
      await clock.sleep(retryMs);
    }
  }
}

const codeOf = (error: unknown): string | undefined =>
  error instanceof UserError ? error.code : undefined;
