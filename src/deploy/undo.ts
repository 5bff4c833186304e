import { web } from "../core/release/processes.ts";
import type { Release } from "../core/release/release.ts";
import { awaitReplicas } from "./steps/await-ready.ts";
import { expectBack, expectBackBeforeHold, expectKnown, expectRemoved } from "./expected.ts";
import { explain, failDeploy } from "./failures/explain.ts";
import { routingTimeoutMs } from "./steps/hold.ts";
import {
  isEngineAway,
  tried,
  untilEngineAnswers,
  untilTraefikAnswers,
} from "./retry-while-down.ts";
import { otherReleases, replicasOf } from "./replicas.ts";
import { messages } from "./messages.ts";
import { step } from "./steps/step.ts";
import type { SwitchContext } from "./switch-context.ts";
import { giveNameLater } from "./steps/give-name.ts";

/** Traefik may still read a replica that has just ended; it has done so well within this time. */
const readingMs = 1_000;

/** Undoes everything that a failed deploy has done, so that the old release serves as before, and returns the error to throw. */
export async function undo(context: SwitchContext, error: unknown): Promise<unknown> {
  // The log and the exit code go with the replicas.
  const cause = await explain(context, error);
  try {
    const isBack = await bringBackOld(context);
    return failDeploy(context, cause, isBack ? context.from : undefined);
  } catch (problem) {
    context.say(messages.leftOver("could not undo everything", problem));
    return failDeploy(context, cause, context.oldFirst ? "unknown" : context.from);
  }
}

/** Brings the old release back at whatever point the switch was, once the engine answers; false when it does not run again. Safe to repeat. */
export function bringBackOld(context: SwitchContext): Promise<boolean> {
  return step(context, "undo", async () => {
    const { engine, service, release } = context;
    const isBegun = await untilEngineAnswers(context, async () =>
      (await engine.releases(service)).includes(release.number),
    );
    return untilEngineAnswers(context, () => bringBackOnce(context, isBegun));
  });
}

/** Requests stay with the hold until the old release can have them. */
async function bringBackOnce(context: SwitchContext, isBegun: boolean): Promise<boolean> {
  const { from, isRouted } = context;
  const isKnown = await untilTraefikKnows(context);
  const areGone = await removeNew(context);
  const revived = from === undefined ? "lost" : await reviveOld(context, from);
  // While one of the new replicas still runs, only the hold keeps requests away from it.
  const isReleased =
    !isRouted ||
    (areGone && (await endHold(context, { isBegun, isKnown, isBack: revived !== "lost" })));
  if (revived === "lent" && isReleased) giveBackName(context);
  return revived !== "lost";
}

/**
 * Waits until Traefik knows the new replicas that run. Only then does its next change without them mean that they are gone for it:
 * before, it may just be reading them, and would send requests to them after the hold has ended. False where it does not tell.
 */
async function untilTraefikKnows(context: SwitchContext): Promise<boolean> {
  const { router, release, isRouted } = context;
  if (!isRouted || release.spec.routes.length === 0) return false;
  const replicas = await replicasOf(context, release.number);
  // Traefik passes over a container whose HEALTHCHECK does not succeed.
  const isShown = replicas.some(
    ({ process, state, health = "healthy" }) =>
      process === web && state === "running" && health === "healthy",
  );
  if (!isShown) return false;
  return router.confirm(expectKnown(context), routingTimeoutMs).then(
    () => true,
    () => false,
  );
}

/** Gives the old release its own name again, once the requests that waited for it under another name have their answers. */
export function giveBackName(context: SwitchContext): void {
  const { from, nameHandovers, service } = context;
  if (from === undefined) return;
  nameHandovers.begin(service, () => giveNameLater({ ...context, release: from, someWait: true }));
}

/** Removes every release but the old one, so that an undo that once failed does not stay so; true when nothing else runs any more. */
export async function removeNew(context: SwitchContext): Promise<boolean> {
  const { engine, service, from, release } = context;
  // A release that may have written to its volumes ends as it wants; one without has nothing to lose, and requests may wait.
  const hasData = release.mounts.some(({ readOnly }) => !readOnly);
  const graceMs = hasData ? release.spec.stopTimeoutMs : undefined;
  for (const number of await otherReleases(context, from?.number))
    await tried(context, () => engine.remove({ service, number }, graceMs));
  const left = await engine.replicas(service);
  return left.every(({ release, state }) => release === from?.number || state !== "running");
}

/** Starts the replicas that were stopped; `lent`: the release has the name that waiting requests dial. */
async function reviveOld(
  context: SwitchContext,
  from: Release,
): Promise<"running" | "lent" | "lost"> {
  const { engine, isRouted, oldFirst, say } = context;
  const old = await replicasOf(context, from.number);
  const isStopped = old.some(({ state }) => state !== "running");
  await context.nameHandovers.settled(context.service);
  if (isStopped) say(messages.bringingBack(from));
  try {
    if (old.length === 0) throw new Error("its containers are gone");
    if (oldFirst) await tried(context, () => engine.keepNameWhileLent(from));
    if (isStopped) {
      await engine.startAgain(from);
      await awaitReplicas(context, from, endless(), "patient");
    }
    if (!oldFirst || !isRouted) return "running";
    // An earlier try may have ended while it started; what ran all the time gets its requests even when it is not healthy.
    if (!isStopped)
      await tried(quiet(context), () => awaitReplicas(quiet(context), from, endless(), "patient"));
    // Only now, because a waiting request takes the first socket that opens.
    await engine.lendName(from, "back");
    return "lent";
  } catch (error) {
    if (isEngineAway(error)) throw error;
    const why = await explain({ ...context, release: from }, error);
    say(messages.notBack(from, why));
    return "lost";
  }
}

const endless = (): AbortSignal => new AbortController().signal;
const quiet = (context: SwitchContext): SwitchContext => ({ ...context, say: () => undefined });

/** False when the hold is still there. */
async function endHold(
  context: SwitchContext,
  {
    isBegun,
    isKnown,
    isBack,
  }: { readonly isBegun: boolean; readonly isKnown: boolean; readonly isBack: boolean },
): Promise<boolean> {
  const { router, service, from, clock } = context;
  // Where no replica had been started there is nothing that Traefik could still know.
  const mayKnow = isBegun || context.oldFirst;
  // Traefik notices replicas after their start: without the hold no release would answer until then.
  const expected =
    isBack && from !== undefined ? expectBackBeforeHold(context, from) : expectRemoved(context);
  const see = async () => {
    await router.confirm(expected, routingTimeoutMs);
    if (isKnown || !isBegun) return;
    await clock.sleep(readingMs);
    await router.confirm(expected, routingTimeoutMs);
  };
  const isSeen = !mayKnow || (await tried(context, () => untilTraefikAnswers(context, see)));
  const isReleased = await tried(context, () =>
    router.apply({ kind: "finished", service, live: from }),
  );
  // A Traefik that did not answer just now is not waited for again.
  if (isSeen && isReleased && mayKnow && from !== undefined && isBack)
    await tried(context, () => router.confirm(expectBack(context, from), routingTimeoutMs));
  return isReleased;
}
