import type { Release } from "../../core/release/release.ts";
import type { Volumes } from "../ports.ts";
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

/** Makes the named volumes of a release that are not there yet; one that is only carried on is never made anew. */
export async function ensureVolumes(
  engine: Pick<Volumes, "ensureVolume">,
  { mounts, spec }: Release,
): Promise<void> {
  for (const { type, source, carried } of mounts)
    if (type === "volume" && carried !== true) await engine.ensureVolume(source, spec.service);
}
