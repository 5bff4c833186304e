import type { Release } from "../core/release/release.ts";
import { backName, serviceContainerName } from "../core/release/names.ts";
import { stopsOldFirst } from "../core/release/spec.ts";
import { awaitReplicas } from "./await-ready.ts";
import { expectBack, expectBackBeforeHold, expectRemoved } from "./expected.ts";
import { explain, failDeploy } from "./explain.ts";
import { routingTimeoutMs } from "./hold.ts";
import { isDockerAway, untilDockerAnswers, untilTraefikAnswers } from "./patience.ts";
import { replicasOf } from "./replicas.ts";
import { sentences } from "./sentences.ts";
import { step } from "./step.ts";
import type { Story } from "./story.ts";
import { takeNamesLater } from "./take-names.ts";

/** Takes back whatever a failed deploy has done, so that the old release serves as before, and returns the error to throw. */
export async function undo(story: Story, error: unknown): Promise<unknown> {
  // The evidence goes with the containers.
  const cause = await explain(story, error);
  try {
    const isBack = await takeBack(story);
    return failDeploy(story, cause, isBack ? story.from : undefined);
  } catch (problem) {
    story.say(sentences.leftOver("could not undo everything", problem));
    return failDeploy(story, cause, story.oldFirst ? "unknown" : story.from);
  }
}

/** Brings the old release back, however far the new one had come, once Docker can be asked; false when it does not run again. Safe to repeat. */
export function takeBack(story: Story): Promise<boolean> {
  return step(story, "undo", async () => {
    const { engine, service, release } = story;
    const isBegun = await untilDockerAnswers(story, async () =>
      (await engine.listContainers(service)).some((facts) => facts.release === release.number),
    );
    return untilDockerAnswers(story, () => takeBackOnce(story, isBegun));
  });
}

/** Requests stay with the hold until the old release can have them. */
async function takeBackOnce(story: Story, isBegun: boolean): Promise<boolean> {
  const { from, isRouted } = story;
  const areGone = await removeNew(story);
  const revived = from === undefined ? "lost" : await reviveOld(story, from);
  // While one of the new containers still runs, only the hold keeps requests away from it.
  const isSettled =
    !isRouted || (areGone && (await settle(story, { isBegun, isBack: revived !== "lost" })));
  if (revived === "awaited" && isSettled) giveBackName(story);
  return revived !== "lost";
}

/** The old release is called as ever again, once those who waited for it by another name have their answers. */
export function giveBackName(story: Story): void {
  const { from, afterwards, service } = story;
  if (from === undefined) return;
  afterwards.begin(service, () => takeNamesLater({ ...story, release: from, someWait: true }));
}

/** Whatever is not of the old release, so that an undo that once failed does not stay so; true when nothing of it runs any more. */
export async function removeNew(story: Story): Promise<boolean> {
  const { engine, service, from } = story;
  const others = async () =>
    (await engine.listContainers(service)).filter(({ release }) => release !== from?.number);
  for (const { id } of await others()) await tried(story, () => engine.removeContainer(id));
  return (await others()).every(({ state }) => state !== "running");
}

/** Starts what was stopped; `awaited`: under the name that waiting requests look for. */
async function reviveOld(story: Story, from: Release): Promise<"running" | "awaited" | "lost"> {
  const { engine, isRouted, oldFirst, say } = story;
  const old = await replicasOf(story, from.number);
  const stopped = old.filter(({ state }) => state !== "running");
  const [first] = old;
  await story.afterwards.settled(story.service);
  if (stopped.length > 0) say(sentences.bringingBack(from));
  try {
    if (first === undefined) throw new Error("its containers are gone");
    // While its container lends its name to requests that wait, the others must find the service all the same.
    const name = serviceContainerName(from.instance, from.spec.slug);
    if (oldFirst && !stopsOldFirst(from.spec))
      await tried(story, () => engine.aliasStopped(first.id, name));
    for (const { id } of stopped) await engine.startContainer(id);
    if (stopped.length > 0) await awaitReplicas(story, from, endless());
    if (!oldFirst || !isRouted) return "running";
    // An earlier try may have ended while it started.
    if (stopped.length === 0) await awaitReplicas(quiet(story), from, endless()).catch(passOver);
    // Only now, because who waits would take the first socket that opens.
    await engine.renameContainer(first.id, backName(from.instance, from.spec.slug));
    return "awaited";
  } catch (error) {
    if (isDockerAway(error)) throw error;
    const why = await explain({ ...story, release: from }, error);
    say(sentences.notBack(from, why));
    return "lost";
  }
}

const endless = (): AbortSignal => new AbortController().signal;
const quiet = (story: Story): Story => ({ ...story, say: () => undefined });

/** What ran all along need not be in good health to have its requests back. */
function passOver(error: unknown): void {
  if (isDockerAway(error)) throw error;
}

interface Back {
  readonly isBegun: boolean;
  readonly isBack: boolean;
}

/** False when the hold is still there. */
async function settle(story: Story, { isBegun, isBack }: Back): Promise<boolean> {
  const { router, service, from, oldFirst } = story;
  // Traefik hears of containers later than they start: without the hold nobody would answer until then.
  const expected =
    isBack && from !== undefined ? expectBackBeforeHold(story, from) : expectRemoved(story);
  const see = () => router.confirm(expected, routingTimeoutMs);
  // Where nothing had been started there is nothing that Traefik could still know.
  const isSeen =
    !(isBegun || oldFirst) || (await tried(story, () => untilTraefikAnswers(story, see)));
  const isSettled = await tried(story, () =>
    router.apply({ kind: "settled", service, live: from }),
  );
  // A Traefik that did not answer just now is not waited for again.
  if (isSeen && isSettled && (isBegun || oldFirst) && from !== undefined && isBack)
    await tried(story, () => router.confirm(expectBack(story, from), routingTimeoutMs));
  return isSettled;
}

/** One thing that fails must not keep the rest from being undone, but for a Docker that is away: then all of it is done again. */
async function tried({ say }: Story, effect: () => Promise<void>): Promise<boolean> {
  try {
    await effect();
    return true;
  } catch (error) {
    if (isDockerAway(error)) throw error;
    say(sentences.leftOver("while undoing", error));
    return false;
  }
}
