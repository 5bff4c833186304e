import type { Release } from "../core/release/release.ts";
import { drainOld } from "./steps/drain.ts";
import { expectForgotten } from "./expected.ts";
import { routingTimeoutMs } from "./steps/hold.ts";
import { untilDockerAnswers } from "./retry-while-down.ts";
import { messages } from "./messages.ts";
import { openSwitch, type DeployInput, type DeployPorts } from "./switch-context.ts";

export interface TakeOut extends Pick<DeployInput, "server" | "signal"> {
  /** What serves, or served until it was stopped. */
  readonly release: Release;
  readonly isLive: boolean;
}

/**
 * Takes a service out of use: its places answer 503 first, then open requests may end, then its containers go. Safe to repeat.
 * Throws, with everything as it was, while Traefik does not take over the routing.
 */
export async function takeOut(
  { release, isLive, ...input }: TakeOut,
  ports: DeployPorts,
): Promise<void> {
  const context = openSwitch({ ...input, release, from: release }, ports);
  const { engine, router, service, isRouted, say, signal, nameHandovers } = context;
  signal.throwIfAborted();
  await nameHandovers.settled(service);
  if (isRouted) {
    await router.apply({ kind: "stopped", service, release });
    try {
      await router.confirm({ routers: [], gone: [], servers: {} }, routingTimeoutMs);
    } catch (error) {
      if (isLive) await router.apply({ kind: "finished", service, live: release });
      throw error;
    }
  }
  say(messages.takingOut(release));
  await untilDockerAnswers(context, async () => {
    await drainOld(context);
    const all = await engine.listContainers(service);
    await Promise.all(
      all.map(async ({ id }) => {
        await engine.stopContainer(id, release.spec.stopTimeoutMs);
        await engine.removeContainer(id);
      }),
    );
  });
  // Whoever asks Traefik next must not find labels of what is gone.
  if (isRouted)
    await router
      .confirm(expectForgotten(release, context.server), routingTimeoutMs)
      .catch(() => undefined);
}
