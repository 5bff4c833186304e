import { UserError } from "../core/errors.ts";
import type { Clock } from "../deploy/ports.ts";

/** Five minutes, then the end of the job says that Docker was away. */
const dockerTries = 100;
const dockerRetryMs = 3000;

/** Containers that were left half-started must go before their hold does; after a reboot Docker may take a while. */
export async function untilDockerAnswers(clock: Clock, work: () => Promise<void>): Promise<void> {
  for (let left = dockerTries; ; left -= 1) {
    try {
      await work();
      return;
    } catch (error) {
      const isAway = error instanceof UserError && error.code === "docker-unreachable";
      if (!isAway || left === 0) throw error;
      await clock.sleep(dockerRetryMs);
    }
  }
}
