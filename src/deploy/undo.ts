import { UserError } from "../core/errors.ts";
import { backName } from "../core/names.ts";
import type { Release } from "../core/release.ts";
import { awaitReplicas } from "./await-ready.ts";
import { expectBack, expectRemoved } from "./expected.ts";
import { explain, failDeploy } from "./explain.ts";
import { routingTimeoutMs } from "./hold.ts";
import type { Expected } from "./ports.ts";
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
    return failDeploy(story, cause, story.from);
  }
}

/** Requests stay with the hold until the old release can have them; false when it does not run again. */
async function takeBack(story: Story): Promise<boolean> {
  const { engine, router, service, release, from, isRouted, clock } = story;
  for (const { id } of await replicasOf(story, release.number)) await engine.removeContainer(id);
  const revived = from === undefined ? "lost" : await reviveOld(story, from);
  if (isRouted) {
    const isSeen = await isConfirmed(story, expectRemoved(story));
    await router.apply({ kind: "settled", service, live: from });
    if (isSeen && from !== undefined && revived !== "lost")
      await isConfirmed(story, expectBack(story, from));
  }
  if (from !== undefined && revived === "again") {
    if (isRouted) await clock.sleep(waitersGraceMs);
    await nameReplicas(story, from);
  }
  return revived !== "lost";
}

/** Starts what was stopped, under the name that waiting requests look for. */
async function reviveOld(story: Story, from: Release): Promise<"running" | "again" | "lost"> {
  const { engine, isRouted, say } = story;
  const old = await replicasOf(story, from.number);
  const stopped = old.filter(({ state }) => state !== "running");
  if (stopped.length === 0) return "running";
  say(sentences.bringingBack(from));
  try {
    const [first] = old;
    for (const { id } of stopped) await engine.startContainer(id);
    await awaitReplicas(story, from, new AbortController().signal);
    // Only now, because who waits would take the first socket that opens.
    if (isRouted && first !== undefined)
      await engine.renameContainer(first.id, backName(from.instance, from.spec.slug));
    return "again";
  } catch (error) {
    const why = await explain({ ...story, release: from }, error);
    say(sentences.notBack(from, why));
    return "lost";
  }
}

/** A Traefik that does not answer must not keep the rest from being undone. */
async function isConfirmed({ router, say }: Story, expected: Expected): Promise<boolean> {
  try {
    await router.confirm(expected, routingTimeoutMs);
    return true;
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    say(sentences.leftOver("while undoing", error));
    return false;
  }
}
