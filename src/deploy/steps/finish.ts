import { drainOld } from "./drain.ts";
import { untilDockerAnswers } from "../retry-while-down.ts";
import { removeOldRelease } from "./remove-old-release.ts";
import { messages } from "../messages.ts";
import type { SwitchContext } from "../switch-context.ts";
import { renameContainers, renameContainersLater } from "./rename-containers.ts";

/** What the new release does not depend on any more: a failure here is left for the next deploy to tidy up. Safe to repeat. */
export async function finish(context: SwitchContext): Promise<void> {
  try {
    await untilDockerAnswers(context, () => finishOnce(context));
  } catch (error) {
    context.say(
      messages.leftOver(`${context.service}: the release before could not be removed`, error),
    );
  }
}

async function finishOnce(context: SwitchContext): Promise<void> {
  const { service, nameHandovers, oldFirst, from } = context;
  // Where an old release runs beside the new one, callers inside must find the new one before it goes.
  const isNamedFirst = !oldFirst && from !== undefined;
  if (isNamedFirst) {
    await waitForHandover(context);
    await renameContainers(context);
    await drainOld(context);
  }
  await removeOldRelease(context);
  if (!isNamedFirst) nameHandovers.begin(service, () => renameContainersLater(context));
}

/** Waits until what an earlier switch of the service still owes has been done. */
export async function waitForHandover({
  service,
  nameHandovers,
  say,
}: SwitchContext): Promise<void> {
  if (nameHandovers.isSettled(service)) return;
  say(messages.settling(service));
  await nameHandovers.settled(service);
}
