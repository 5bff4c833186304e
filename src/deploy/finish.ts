import { drainOld } from "./drain.ts";
import { untilDockerAnswers } from "./patience.ts";
import { retireOld } from "./retire.ts";
import { sentences } from "./sentences.ts";
import type { Story } from "./story.ts";
import { takeNames, takeNamesLater } from "./take-names.ts";

/** What the new release does not depend on any more: a failure here is left for the next deploy to tidy up. Safe to repeat. */
export async function finish(story: Story): Promise<void> {
  try {
    await untilDockerAnswers(story, () => finishOnce(story));
  } catch (error) {
    story.say(
      sentences.leftOver(`${story.service}: the release before could not be removed`, error),
    );
  }
}

async function finishOnce(story: Story): Promise<void> {
  const { service, afterwards, oldFirst, from } = story;
  // Where an old release runs beside the new one, callers inside must find the new one before it goes.
  const isNamedFirst = !oldFirst && from !== undefined;
  if (isNamedFirst) {
    await letSettle(story);
    await takeNames(story);
    await drainOld(story);
  }
  await retireOld(story);
  if (!isNamedFirst) afterwards.begin(service, () => takeNamesLater(story));
}

/** Waits until what an earlier switch of the service still owes has been done. */
export async function letSettle({ service, afterwards, say }: Story): Promise<void> {
  if (afterwards.isSettled(service)) return;
  say(sentences.settling(service));
  await afterwards.settled(service);
}
