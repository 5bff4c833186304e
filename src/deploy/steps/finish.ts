import { drainOld } from "./drain.ts";
import { untilEngineAnswers } from "../retry-while-down.ts";
import { removeOldRelease } from "./remove-old-release.ts";
import { messages } from "../messages.ts";
import type { SwitchContext } from "../switch-context.ts";
import { giveName, giveNameLater, waitingRequestsMs } from "./give-name.ts";

/** A wait shorter than this is not worth a message. */
const quietForMs = 1_000;

/** Ends a switch whose new release is live: a failure here is left for the next deploy to tidy up. Safe to repeat. */
export async function finish(context: SwitchContext): Promise<void> {
  try {
    await untilEngineAnswers(context, () => finishOnce(context));
  } catch (error) {
    const what = `${context.service}: the release before could not be removed`;
    context.say(messages.leftOver(what, error));
  }
}

async function finishOnce(context: SwitchContext): Promise<void> {
  const { service, nameHandovers, oldFirst, from } = context;
  // Where an old release runs beside the new one, other services must find the new one before the old one goes.
  const isNamedFirst = !oldFirst && from !== undefined;
  if (isNamedFirst) {
    await waitForHandover(context);
    await giveName(context);
    await drainOld(context);
  }
  await removeOldRelease(context);
  if (!isNamedFirst) nameHandovers.begin(service, () => giveNameLater(context));
}

/** Waits until an earlier switch of the service has given back the names that it lent. */
export async function waitForHandover(context: SwitchContext): Promise<void> {
  const { service, nameHandovers, clock, say } = context;
  if (nameHandovers.isSettled(service)) return;
  const over = new AbortController();
  const news = clock
    .sleep(quietForMs, over.signal)
    .then(() => say(messages.waitingForHandover(service, waitingRequestsMs)))
    .catch(() => undefined);
  await nameHandovers.settled(service);
  over.abort();
  await news;
}
