import type { Story } from "./story.ts";
import { expectHeld } from "./expected.ts";
import { step } from "./step.ts";

/** How long Traefik gets to take over a change of routing. */
export const routingTimeoutMs = 15_000;

/** Keeps requests where they are, or lets them wait, whatever containers come and go until the cut-over. */
export async function hold(story: Story): Promise<void> {
  if (!story.isRouted) return;
  story.signal.throwIfAborted();
  await step(story, "hold", () => applyHold(story));
}

/** The effect alone, for the way back as well; safe to repeat. */
export async function applyHold(story: Story): Promise<void> {
  const { router, service, release, from, oldFirst } = story;
  const mode = from === undefined || oldFirst ? "wait" : "serving";
  await router.apply({ kind: "hold", service, to: release, from, mode });
  await router.confirm(expectHeld(story), routingTimeoutMs);
}
