import type { Release } from "../../core/release/release.ts";
import type { SwitchContext } from "../switch-context.ts";
import { expectForgotten } from "../expected.ts";
import { routingTimeoutMs } from "./hold.ts";
import { replicasOf } from "../replicas.ts";
import { messages } from "../messages.ts";
import { step } from "./step.ts";

/** Stops the old release while its requests wait. */
export async function stopOldRelease(context: SwitchContext): Promise<void> {
  const { engine, from, signal, say } = context;
  if (from === undefined) return;
  signal.throwIfAborted();
  say(messages.stoppingOld(from));
  await step(context, "stop-old", async () => {
    const old = await replicasOf(context, from.number);
    await Promise.all(old.map(({ id }) => engine.stopContainer(id, from.spec.stopTimeoutMs)));
  });
}

/** Removes whatever is not of the release that is live now, and then what kept its requests away from it. */
export async function removeOldRelease(context: SwitchContext): Promise<void> {
  const { engine, router, service, release, from, isRouted } = context;
  await step(context, "retire", async () => {
    const others = (await engine.listContainers(service)).filter(
      (facts) => facts.release !== release.number,
    );
    const graceMs = from?.spec.stopTimeoutMs ?? release.spec.stopTimeoutMs;
    await Promise.all(
      others.map(async ({ id }) => {
        await engine.stopContainer(id, graceMs);
        await engine.removeContainer(id);
      }),
    );
    if (!isRouted) return;
    if (from !== undefined) await forgotten(context, from);
    await router.apply({ kind: "finished", service, live: release });
  });
}

/**
 * Traefik hears a little later that containers are gone; until then only the file keeps requests to a route that the new release does not have
 * away from them. A Traefik that cannot be asked is not waited for longer.
 */
async function forgotten({ router, server }: SwitchContext, from: Release): Promise<void> {
  await router.confirm(expectForgotten(from, server), routingTimeoutMs).catch(() => undefined);
}
