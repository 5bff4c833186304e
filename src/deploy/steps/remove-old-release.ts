import type { Release } from "../../core/release/release.ts";
import type { SwitchContext } from "../switch-context.ts";
import { expectForgotten } from "../expected.ts";
import { routingTimeoutMs } from "./hold.ts";
import { otherReleases } from "../replicas.ts";
import { messages } from "../messages.ts";
import { step } from "./step.ts";

/** Stops the old release before the new one starts; requests to its routes wait meanwhile. */
export async function stopOldRelease(context: SwitchContext): Promise<void> {
  const { engine, from, release, signal, say } = context;
  if (from === undefined) return;
  signal.throwIfAborted();
  say(messages.stoppingOld(from, release));
  await step(context, "stop-old", () => engine.stop(from));
}

/** Removes every release but the one that is live now, and then the routers that kept its requests away from them. */
export async function removeOldRelease(context: SwitchContext): Promise<void> {
  const { engine, router, service, release, from, isRouted } = context;
  await step(context, "retire", async () => {
    const graceMs = from?.spec.stopTimeoutMs ?? release.spec.stopTimeoutMs;
    const others = await otherReleases(context, release.number);
    await Promise.all(others.map((number) => engine.remove({ service, number }, graceMs)));
    if (!isRouted) return;
    // Traefik hears a little later that replicas are gone. Until then only the file keeps requests away from them at routes that
    // the new release does not have.
    if (from !== undefined) await awaitForgotten(context, from);
    await router.apply({ kind: "finished", service, live: release });
  });
}

/** Waits until Traefik knows no replica of a release any more; one that does not answer is not waited for longer. */
export async function awaitForgotten(
  { router, server }: Pick<SwitchContext, "router" | "server">,
  from: Release,
): Promise<void> {
  await router.confirm(expectForgotten(from, server), routingTimeoutMs).catch(() => undefined);
}
