import { ensureVolumes } from "../ensure-volumes.ts";
import { messages } from "../messages.ts";
import type { SwitchContext } from "../switch-context.ts";
import { step } from "./step.ts";

/** Starts every replica of the new release; the hold keeps requests away from them. */
export async function startReplicas(context: SwitchContext): Promise<void> {
  const { engine, release, server, signal, say } = context;
  say(messages.starting(release));
  await step(context, "start", async () => {
    await ensureVolumes(engine, release);
    await engine.start(release, { server, signal });
  });
}
