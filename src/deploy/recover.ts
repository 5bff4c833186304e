import { awaitReady } from "./await-ready.ts";
import { cutOver } from "./cut-over.ts";
import { finish } from "./finish.ts";
import { holdAgain } from "./hold.ts";
import type { Progress } from "./progress.ts";
import { untilDockerAnswers } from "./patience.ts";
import { sentences } from "./sentences.ts";
import type { Story } from "./story.ts";
import { giveBackName, removeNew, takeBack } from "./undo.ts";

export interface Left {
  readonly progress: Progress;
  /** When its first step was begun. */
  readonly begun: number;
  /** When its cut-over was done. */
  readonly cutAt: number | undefined;
}

/**
 * Goes on with a switch whose worker ended in the middle: with the story's own steps to its end where requests may have been
 * answered by the new release already, else back. Says `live` where that was not certain before. May be interrupted and begun again.
 */
export async function recover(story: Story, { progress, begun, cutAt }: Left): Promise<void> {
  const isLive = progress === "after" || (progress === "cutting-over" && (await isCutOver(story)));
  if (isLive) {
    const ms = (cutAt ?? story.clock.now()) - begun;
    story.say(sentences.live(story.release, story.server, ms));
    await finish(story);
  } else if (progress === "nothing") {
    await untilDockerAnswers(story, () => removeNew(story));
    giveBackName(story);
  } else {
    if (progress === "undoing") await holdAgain(story);
    await takeBack(story);
  }
}

/** Nothing but the cut-over was left, so it is done again; a release that has fallen over meanwhile cannot have it. */
async function isCutOver(story: Story): Promise<boolean> {
  try {
    await awaitReady(story);
    await cutOver(story);
    return true;
  } catch (error) {
    story.say(sentences.leftOver(`${story.service}: its new release cannot take over`, error));
    await holdAgain(story);
    return false;
  }
}
