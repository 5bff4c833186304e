import { untilEngineAnswers } from "../retry-while-down.ts";
import { messages } from "../messages.ts";
import { step } from "./step.ts";
import type { SwitchContext } from "../switch-context.ts";

/** A waiting request dials again every 200 to 600 ms, or every 2 s and sometimes in vain where the DNS server upstream is slow or dead. */
export const waitingRequestsMs = 10_000;

/** Gives the service's own name, by which other services reach it, to the release that is live. */
export async function giveName(context: SwitchContext): Promise<void> {
  const { clock, engine, release, someWait, say } = context;
  await step(context, "take-names", async () => {
    if (someWait) {
      say(messages.reaching(release, waitingRequestsMs));
      await clock.sleep(waitingRequestsMs);
    }
    await engine.giveName(release);
  });
}

/** The same without a word, after the job has ended; the next switch repeats what did not work. */
export async function giveNameLater(context: SwitchContext): Promise<void> {
  const silent = { ...context, say: () => undefined };
  await untilEngineAnswers(silent, () => giveName(silent)).catch(() => undefined);
}
