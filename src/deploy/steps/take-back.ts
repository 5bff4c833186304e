import type { SwitchContext } from "../switch-context.ts";
import { tried, untilEngineAnswers, untilTraefikAnswers } from "../retry-while-down.ts";
import { awaitDrained } from "./drain.ts";
import { applyHold, holdMode } from "./hold.ts";

/** Gives requests back to the hold after a cut-over was begun, and lets those that the new release has end, so that it may be removed. A failure is said. Safe to repeat. */
export async function takeBack(context: SwitchContext): Promise<void> {
  if (!context.isRouted) return;
  await untilEngineAnswers(context, async () => {
    await tried(context, () => untilTraefikAnswers(context, () => applyHold(context)));
    if (context.someWait) await tried(context, () => endLoan(context));
    await tried(context, () => drainNew(context));
  });
}

/** Requests that wait must not reach the new release under the name that they dial. */
const endLoan = ({ engine, from, release }: SwitchContext): Promise<void> =>
  engine.giveName(from ?? release);

/** Without a line in the journal, because a full disk must not cost a request. */
const drainNew = (context: SwitchContext): Promise<void> =>
  awaitDrained(context, context.release, { requestsWait: holdMode(context) === "wait" });
