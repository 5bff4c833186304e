import { UserError } from "../core/errors.ts";
import { serviceContainerName } from "../core/release/names.ts";
import type { Release } from "../core/release/release.ts";
import { plainText } from "../core/terminal-text.ts";
import type { DeployInput, DeployPorts, Story } from "./story.ts";
import { awaitReady } from "./await-ready.ts";
import { cutOver } from "./cut-over.ts";
import { explain, failDeploy } from "./explain.ts";
import { drainOld } from "./drain.ts";
import { finish, letSettle } from "./finish.ts";
import { hold } from "./hold.ts";
import { countAnswers } from "./receipt.ts";
import { runReleaseCommand } from "./release-command.ts";
import { stopOld } from "./retire.ts";
import { sentences } from "./sentences.ts";
import { startReplicas } from "./start-replicas.ts";
import { openStory } from "./story.ts";
import { undo } from "./undo.ts";

export type { DeployInput, DeployPorts } from "./story.ts";

/**
 * Makes a release live without losing a request. `live` is said at the cut-over; the promise resolves once the old release is gone and the receipt is said.
 * A rejection means that nothing changed: a UserError says why and, in `still`, what runs.
 */
export async function deploy(input: DeployInput, ports: DeployPorts): Promise<Release> {
  const opened = openStory(input, ports);
  await unchanged(opened, refuseUnfit);
  await unchanged(opened, runReleaseCommand);
  // The names that waiting requests look for are lent to one release at a time; asked before the hold, so that nobody waits for this.
  if (opened.oldFirst || opened.someWait) await letSettle(opened);
  const begun = opened.clock.now();
  const count = await countAnswers(opened);
  const { story } = count;
  let liveAt: number;
  try {
    await hold(story);
    if (story.oldFirst) {
      await drainOld(story);
      await stopOld(story);
    }
    await startReplicas(story);
    await awaitReady(story);
    liveAt = await cutOver(story);
  } catch (error) {
    count.giveUp();
    throw await undo(story, error);
  }
  const ms = liveAt - begun;
  story.say(sentences.live(input.release, input.server, ms));
  await Promise.all([finish(story), story.someWait && count.waitersAnswered()]);
  story.say(await count.receipt(ms));
  return input.release;
}

/** Does what leaves the old release as it was, whatever comes of it. */
async function unchanged(story: Story, work: (story: Story) => Promise<void>): Promise<void> {
  try {
    await work(story);
  } catch (error) {
    throw failDeploy(story, await explain(story, error), story.from);
  }
}

/** Refuses, before anything is done, a name by which the service could not be called, and routes that come with the image. */
async function refuseUnfit(story: Story): Promise<void> {
  const { engine, service, release } = story;
  const name = serviceContainerName(release.instance, release.spec.slug);
  await engine.ensureNameFree(name, service);
  const [label] = (await engine.inspectImage(release.image))?.routingLabels ?? [];
  if (label !== undefined) throw foreignRouting(service, label);
}

const foreignRouting = (service: string, label: string): UserError =>
  new UserError(`deploy ${service}: its image has the label ${plainText(label)}`, {
    code: "image-label",
    hint: "remove LABEL traefik.… from the Dockerfile, say it with: # mypaas.domain",
  });
