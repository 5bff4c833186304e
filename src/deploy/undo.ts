import type { Release } from "../core/release/release.ts";
import { backName } from "../core/release/names.ts";
import { awaitReplicas } from "./await-ready.ts";
import { expectBack, expectRemoved } from "./expected.ts";
import { explain, failDeploy } from "./explain.ts";
import { routingTimeoutMs } from "./hold.ts";
import { replicasOf } from "./replicas.ts";
import { sentences } from "./sentences.ts";
import { step } from "./step.ts";
import type { Story } from "./story.ts";
import { nameReplicas, waitersGraceMs } from "./take-names.ts";

/** Takes back whatever a failed deploy has done, so that the old release serves as before, and returns the error to throw. */
export async function undo(story: Story, error: unknown): Promise<unknown> {
  // The evidence goes with the containers.
  const cause = await explain(story, error);
  try {
    const isBack = await step(story, "undo", () => takeBack(story));
    return failDeploy(story, cause, isBack ? story.from : undefined);
  } catch (problem) {
    story.say(sentences.leftOver("could not undo everything", problem));
    return failDeploy(story, cause, story.oldFirst ? "unknown" : story.from);
  }
}

/** Requests stay with the hold until the old release can have them; false when it does not run again. */
async function takeBack(story: Story): Promise<boolean> {
  const { from, isRouted, clock } = story;
  const areGone = await removeNew(story);
  const revived = from === undefined ? "lost" : await reviveOld(story, from);
  // While one of the new containers still runs, only the hold keeps requests away from it.
  const isSettled = !isRouted || (areGone && (await settle(story, revived !== "lost")));
  if (from !== undefined && revived === "again" && isSettled) {
    if (isRouted) await clock.sleep(waitersGraceMs);
    await tried(story, () => nameReplicas(story, from));
  }
  return revived !== "lost";
}

/** True when none of them runs any more. */
async function removeNew(story: Story): Promise<boolean> {
  const { engine, release } = story;
  for (const { id } of await replicasOf(story, release.number))
    await tried(story, () => engine.removeContainer(id));
  const left = await replicasOf(story, release.number);
  return left.every(({ state }) => state !== "running");
}

/** Starts what was stopped, under the name that waiting requests look for. */
async function reviveOld(story: Story, from: Release): Promise<"running" | "again" | "lost"> {
  const { engine, isRouted, oldFirst, say } = story;
  const old = await replicasOf(story, from.number);
  const stopped = old.filter(({ state }) => state !== "running");
  const [first] = old;
  const isAwaited = oldFirst && isRouted;
  await story.afterwards.settled(story.service);
  if (first !== undefined && stopped.length === 0 && !isAwaited) return "running";
  if (stopped.length > 0) say(sentences.bringingBack(from));
  try {
    if (first === undefined) throw new Error("its containers are gone");
    for (const { id } of stopped) await engine.startContainer(id);
    if (stopped.length > 0) await awaitReplicas(story, from, new AbortController().signal);
    // Only now, because who waits would take the first socket that opens.
    if (isRouted) await engine.renameContainer(first.id, backName(from.instance, from.spec.slug));
    return "again";
  } catch (error) {
    const why = await explain({ ...story, release: from }, error);
    say(sentences.notBack(from, why));
    return "lost";
  }
}

/** False when the hold is still there. */
async function settle(story: Story, isBack: boolean): Promise<boolean> {
  const { router, service, from } = story;
  const isSeen = await tried(story, () => router.confirm(expectRemoved(story), routingTimeoutMs));
  const isSettled = await tried(story, () =>
    router.apply({ kind: "settled", service, live: from }),
  );
  // A Traefik that did not answer just now is not waited for again.
  if (isSeen && isSettled && from !== undefined && isBack)
    await tried(story, () => router.confirm(expectBack(story, from), routingTimeoutMs));
  return isSettled;
}

/** One thing that fails must not keep the rest from being undone. */
async function tried({ say }: Story, effect: () => Promise<void>): Promise<boolean> {
  try {
    await effect();
    return true;
  } catch (error) {
    say(sentences.leftOver("while undoing", error));
    return false;
  }
}
