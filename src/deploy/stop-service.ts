import type { Release } from "../core/release/release.ts";
import { drainOld } from "./steps/drain.ts";
import { waitForHandover } from "./steps/finish.ts";
import { routingTimeoutMs } from "./steps/hold.ts";
import { awaitForgotten } from "./steps/remove-old-release.ts";
import { otherReleases } from "./replicas.ts";
import { untilEngineAnswers } from "./retry-while-down.ts";
import { messages } from "./messages.ts";
import { openSwitch, type DeployInput, type DeployPorts } from "./switch-context.ts";

export interface StopInput extends Pick<DeployInput, "server" | "signal"> {
  /** The release that serves, or served until it was stopped. */
  readonly release: Release;
  readonly isLive: boolean;
}

/**
 * Stops a service: its routes answer 503 first, then open requests may end, then its replicas go. Safe to repeat.
 * Throws, with everything as it was, while Traefik does not take over the routing.
 */
export async function stopService(
  { release, isLive, ...input }: StopInput,
  ports: DeployPorts,
): Promise<void> {
  const context = openSwitch({ ...input, release, from: release }, ports);
  const { engine, router, service, isRouted, say, signal } = context;
  signal.throwIfAborted();
  await waitForHandover(context);
  if (isRouted) {
    await router.apply({ kind: "stopped", service, release });
    try {
      await router.confirm({ routers: [], gone: [], servers: {} }, routingTimeoutMs);
    } catch (error) {
      if (isLive) await router.apply({ kind: "finished", service, live: release });
      throw error;
    }
  }
  say(messages.stopping(release));
  await untilEngineAnswers(context, async () => {
    await drainOld(context);
    const all = await otherReleases(context, undefined);
    const { stopTimeoutMs } = release.spec;
    await Promise.all(all.map((number) => engine.remove({ service, number }, stopTimeoutMs)));
  });
  // The next question to Traefik must not find labels of replicas that are gone.
  if (isRouted) await awaitForgotten(context, release);
}
