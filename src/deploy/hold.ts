import type { Story } from "./story.ts";
import { expectHeld } from "./expected.ts";
import { untilDockerAnswers, untilTraefikAnswers } from "./patience.ts";
import { sentences } from "./sentences.ts";
import { step } from "./step.ts";

/** How long Traefik gets to take over a change of routing. */
export const routingTimeoutMs = 15_000;

/** Keeps requests where they are, or lets them wait, whatever containers come and go until the cut-over. */
export async function hold(story: Story): Promise<void> {
  if (!story.isRouted) return;
  story.signal.throwIfAborted();
  await step(story, "hold", () => applyHold(story));
}

/** `wait` where nobody serves until the new release does. */
export const holdMode = ({ from, oldFirst }: Pick<Story, "from" | "oldFirst">) =>
  from === undefined || oldFirst ? ("wait" as const) : ("serving" as const);

/** Requests go back to the hold before anyone takes containers away; a failure is said. */
export async function holdAgain(story: Story): Promise<void> {
  if (!story.isRouted) return;
  try {
    await untilDockerAnswers(story, () => untilTraefikAnswers(story, () => applyHold(story)));
  } catch (error) {
    story.say(sentences.leftOver("while undoing", error));
  }
}

/** The effect alone, for the way back as well; safe to repeat. */
export async function applyHold(story: Story): Promise<void> {
  const { router, service, release, from } = story;
  await router.apply({ kind: "hold", service, to: release, from, mode: holdMode(story) });
  await router.confirm(expectHeld(story), routingTimeoutMs);
}
