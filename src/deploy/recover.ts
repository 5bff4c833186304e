import { awaitReady } from "./steps/await-ready.ts";
import { cutOver } from "./steps/cut-over.ts";
import { finish } from "./steps/finish.ts";
import { takeBack } from "./steps/take-back.ts";
import { explain } from "./failures/explain.ts";
import type { Progress } from "./progress.ts";
import { untilEngineAnswers } from "./retry-while-down.ts";
import { messages } from "./messages.ts";
import type { SwitchContext } from "./switch-context.ts";
import { giveBackName, removeNew, bringBackOld } from "./undo.ts";

export interface Left {
  readonly progress: Progress;
  /** The time at which its first step was begun. */
  readonly begun: number;
  /** The time at which its cut-over was done. */
  readonly cutAt: number | undefined;
}

/**
 * Goes on with a switch whose worker ended in the middle: to its end where the new release may have answered requests already,
 * else back to the old release. Says `live` where that was not certain before. May be interrupted and begun again.
 */
export async function recover(
  context: SwitchContext,
  { progress, begun, cutAt }: Left,
): Promise<void> {
  const isLive =
    progress === "after" || (progress === "cutting-over" && (await isCutOver(context)));
  if (isLive) {
    const ms = (cutAt ?? context.clock.now()) - begun;
    context.say(messages.live(context.release, context.server, { ms }));
    await finish(context);
  } else if (progress === "nothing") {
    await untilEngineAnswers(context, () => removeNew(context));
    giveBackName(context);
  } else {
    if (progress === "undoing") await takeBack(context);
    await bringBackOld(context);
  }
}

/** Only the cut-over was left, so it is done again; false when the new release has failed meanwhile. */
async function isCutOver(context: SwitchContext): Promise<boolean> {
  const fail = async (error: unknown): Promise<void> => {
    const why = await explain(context, error);
    context.say(messages.leftOver(`${context.service}: its new release cannot take over`, why));
  };
  try {
    await awaitReady(context);
  } catch (error) {
    await fail(error);
    await takeBack(context);
    return false;
  }
  try {
    await cutOver(context);
    return true;
  } catch (error) {
    // It has taken the requests back by itself.
    await fail(error);
    return false;
  }
}
