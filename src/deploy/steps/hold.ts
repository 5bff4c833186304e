import type { SwitchContext } from "../switch-context.ts";
import { expectHeld } from "../expected.ts";
import { step } from "./step.ts";

/** How long Traefik gets to take over a change of routing. */
export const routingTimeoutMs = 15_000;

/** Keeps requests where they are, or lets them wait, until the cut-over. */
export async function hold(context: SwitchContext): Promise<void> {
  if (!context.isRouted) return;
  context.signal.throwIfAborted();
  await step(context, "hold", () => applyHold(context));
}

/** `wait` where no release serves until the new one does. */
export const holdMode = ({ from, oldFirst }: Pick<SwitchContext, "from" | "oldFirst">) =>
  from === undefined || oldFirst ? ("wait" as const) : ("serving" as const);

/** The effect alone; safe to repeat. */
export async function applyHold(context: SwitchContext): Promise<void> {
  const { router, service, release, from } = context;
  await router.apply({ kind: "hold", service, to: release, from, mode: holdMode(context) });
  await router.confirm(expectHeld(context), routingTimeoutMs);
}
