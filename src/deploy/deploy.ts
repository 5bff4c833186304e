import { UserError } from "../core/errors.ts";
import { serviceContainerName } from "../core/release/names.ts";
import type { Release } from "../core/release/release.ts";
import { plainText } from "../core/terminal-text.ts";
import type { DeployInput, DeployPorts, Story } from "./story.ts";
import { awaitReady } from "./await-ready.ts";
import { cutOver } from "./cut-over.ts";
import { failDeploy } from "./explain.ts";
import { drainOld } from "./drain.ts";
import { hold } from "./hold.ts";
import { retireOld, stopOld } from "./retire.ts";
import { sentences } from "./sentences.ts";
import { startReplicas } from "./start-replicas.ts";
import { openStory } from "./story.ts";
import { takeNames } from "./take-names.ts";
import { undo } from "./undo.ts";

export type { DeployInput, DeployPorts } from "./story.ts";

/**
 * Makes a release live without losing a request. `live` is said at the cut-over; the promise resolves once the old release is gone.
 * A rejection means that nothing changed: a UserError says why and, in `still`, what runs.
 */
export async function deploy(input: DeployInput, ports: DeployPorts): Promise<Release> {
  const story = openStory(input, ports);
  const begun = story.clock.now();
  await refuseUnfit(story);
  // The names that waiting requests look for are lent to one release at a time; asked before the hold, so that nobody waits for this.
  if (story.oldFirst || story.someWait) await letSettle(story);
  try {
    await hold(story);
    if (story.oldFirst) {
      await drainOld(story);
      await stopOld(story);
    }
    await startReplicas(story);
    await awaitReady(story);
    await cutOver(story);
  } catch (error) {
    throw await undo(story, error);
  }
  story.say(sentences.live(input.release, input.server, story.clock.now() - begun));
  await finish(story);
  return input.release;
}

/** Refuses, before anything is done, a name by which the service could not be called, and routes that come with the image. */
async function refuseUnfit(story: Story): Promise<void> {
  const { engine, service, release } = story;
  const name = serviceContainerName(release.instance, release.spec.slug);
  try {
    await engine.ensureNameFree(name, service);
    const [label] = (await engine.inspectImage(release.image))?.routingLabels ?? [];
    if (label !== undefined) throw foreignRouting(service, label);
  } catch (error) {
    throw failDeploy(story, error, story.from);
  }
}

const foreignRouting = (service: string, label: string): UserError =>
  new UserError(`deploy ${service}: its image has the label ${plainText(label)}`, {
    code: "image-label",
    hint: "remove LABEL traefik.… from the Dockerfile, say it with: # mypaas.domain",
  });

/** What the new release does not depend on any more: a failure here is left for the next deploy to tidy up. */
async function finish(story: Story): Promise<void> {
  const { service, afterwards, oldFirst, from } = story;
  // Where an old release runs beside the new one, callers inside must find the new one before it goes.
  const isNamedFirst = !oldFirst && from !== undefined;
  try {
    if (isNamedFirst) {
      await letSettle(story);
      await takeNames(story);
      await drainOld(story);
    }
    await retireOld(story);
    if (!isNamedFirst) afterwards.begin(service, () => takeNamesLater(story));
  } catch (error) {
    story.say(
      sentences.leftOver(`${story.service}: the release before could not be removed`, error),
    );
  }
}

async function letSettle({ service, afterwards, say }: Story): Promise<void> {
  if (afterwards.isSettled(service)) return;
  say(sentences.settling(service));
  await afterwards.settled(service);
}

/** Nobody listens any more; what did not work is done again by the next switch. */
async function takeNamesLater(story: Story): Promise<void> {
  await takeNames(story).catch(() => undefined);
}
