import type { Release } from "../core/release/release.ts";
import { backName, serviceContainerName } from "../core/release/names.ts";
import { stopsOldFirst } from "../core/release/spec.ts";
import { awaitReplicas } from "./steps/await-ready.ts";
import { expectBack, expectBackBeforeHold, expectRemoved } from "./expected.ts";
import { explain, failDeploy } from "./failures/explain.ts";
import { routingTimeoutMs } from "./steps/hold.ts";
import { isDockerAway, untilDockerAnswers, untilTraefikAnswers } from "./retry-while-down.ts";
import { replicasOf } from "./replicas.ts";
import { messages } from "./messages.ts";
import { step } from "./steps/step.ts";
import type { SwitchContext } from "./switch-context.ts";
import { renameContainersLater } from "./steps/rename-containers.ts";

/** Takes back whatever a failed deploy has done, so that the old release serves as before, and returns the error to throw. */
export async function undo(context: SwitchContext, error: unknown): Promise<unknown> {
  // The evidence goes with the containers.
  const cause = await explain(context, error);
  try {
    const isBack = await takeBack(context);
    return failDeploy(context, cause, isBack ? context.from : undefined);
  } catch (problem) {
    context.say(messages.leftOver("could not undo everything", problem));
    return failDeploy(context, cause, context.oldFirst ? "unknown" : context.from);
  }
}

/** Brings the old release back, however far the new one had come, once Docker can be asked; false when it does not run again. Safe to repeat. */
export function takeBack(context: SwitchContext): Promise<boolean> {
  return step(context, "undo", async () => {
    const { engine, service, release } = context;
    const isBegun = await untilDockerAnswers(context, async () =>
      (await engine.listContainers(service)).some((facts) => facts.release === release.number),
    );
    return untilDockerAnswers(context, () => takeBackOnce(context, isBegun));
  });
}

/** Requests stay with the hold until the old release can have them. */
async function takeBackOnce(context: SwitchContext, isBegun: boolean): Promise<boolean> {
  const { from, isRouted } = context;
  const areGone = await removeNew(context);
  const revived = from === undefined ? "lost" : await reviveOld(context, from);
  // While one of the new containers still runs, only the hold keeps requests away from it.
  const isSettled =
    !isRouted || (areGone && (await settle(context, { isBegun, isBack: revived !== "lost" })));
  if (revived === "awaited" && isSettled) giveBackName(context);
  return revived !== "lost";
}

/** The old release is called as ever again, once those who waited for it by another name have their answers. */
export function giveBackName(context: SwitchContext): void {
  const { from, nameHandovers, service } = context;
  if (from === undefined) return;
  nameHandovers.begin(service, () =>
    renameContainersLater({ ...context, release: from, someWait: true }),
  );
}

/** Whatever is not of the old release, so that an undo that once failed does not stay so; true when nothing of it runs any more. */
export async function removeNew(context: SwitchContext): Promise<boolean> {
  const { engine, service, from } = context;
  const others = async () =>
    (await engine.listContainers(service)).filter(({ release }) => release !== from?.number);
  for (const { id } of await others()) await tried(context, () => engine.removeContainer(id));
  return (await others()).every(({ state }) => state !== "running");
}

/** Starts what was stopped; `awaited`: under the name that waiting requests look for. */
async function reviveOld(
  context: SwitchContext,
  from: Release,
): Promise<"running" | "awaited" | "lost"> {
  const { engine, isRouted, oldFirst, say } = context;
  const old = await replicasOf(context, from.number);
  const stopped = old.filter(({ state }) => state !== "running");
  const [first] = old;
  await context.nameHandovers.settled(context.service);
  if (stopped.length > 0) say(messages.bringingBack(from));
  try {
    if (first === undefined) throw new Error("its containers are gone");
    // While its container lends its name to requests that wait, the others must find the service all the same.
    const name = serviceContainerName(from.instance, from.spec.slug);
    if (oldFirst && !stopsOldFirst(from.spec))
      await tried(context, () => engine.aliasStopped(first.id, name));
    for (const { id } of stopped) await engine.startContainer(id);
    if (stopped.length > 0) await awaitReplicas(context, from, endless());
    if (!oldFirst || !isRouted) return "running";
    // An earlier try may have ended while it started.
    if (stopped.length === 0)
      await awaitReplicas(quiet(context), from, endless()).catch(ignoreUnlessDockerDown);
    // Only now, because who waits would take the first socket that opens.
    await engine.renameContainer(first.id, backName(from.instance, from.spec.slug));
    return "awaited";
  } catch (error) {
    if (isDockerAway(error)) throw error;
    const why = await explain({ ...context, release: from }, error);
    say(messages.notBack(from, why));
    return "lost";
  }
}

const endless = (): AbortSignal => new AbortController().signal;
const quiet = (context: SwitchContext): SwitchContext => ({ ...context, say: () => undefined });

/** What ran all along need not be in good health to have its requests back. */
function ignoreUnlessDockerDown(error: unknown): void {
  if (isDockerAway(error)) throw error;
}

interface Back {
  readonly isBegun: boolean;
  readonly isBack: boolean;
}

/** False when the hold is still there. */
async function settle(context: SwitchContext, { isBegun, isBack }: Back): Promise<boolean> {
  const { router, service, from, oldFirst } = context;
  // Traefik hears of containers later than they start: without the hold nobody would answer until then.
  const expected =
    isBack && from !== undefined ? expectBackBeforeHold(context, from) : expectRemoved(context);
  const see = () => router.confirm(expected, routingTimeoutMs);
  // Where nothing had been started there is nothing that Traefik could still know.
  const isSeen =
    !(isBegun || oldFirst) || (await tried(context, () => untilTraefikAnswers(context, see)));
  const isSettled = await tried(context, () =>
    router.apply({ kind: "finished", service, live: from }),
  );
  // A Traefik that did not answer just now is not waited for again.
  if (isSeen && isSettled && (isBegun || oldFirst) && from !== undefined && isBack)
    await tried(context, () => router.confirm(expectBack(context, from), routingTimeoutMs));
  return isSettled;
}

/** One thing that fails must not keep the rest from being undone, but for a Docker that is away: then all of it is done again. */
async function tried({ say }: SwitchContext, effect: () => Promise<void>): Promise<boolean> {
  try {
    await effect();
    return true;
  } catch (error) {
    if (isDockerAway(error)) throw error;
    say(messages.leftOver("while undoing", error));
    return false;
  }
}
