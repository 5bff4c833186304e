import { UserError } from "../core/errors.ts";
import type { Release } from "../core/release/release.ts";
import { plainText } from "../core/terminal-text.ts";
import { asProcessOne } from "./steps/as-process-one.ts";
import { awaitReady } from "./steps/await-ready.ts";
import { cutOver, type CutOver } from "./steps/cut-over.ts";
import { explain, failDeploy } from "./failures/explain.ts";
import { drainOld } from "./steps/drain.ts";
import { finish, waitForHandover } from "./steps/finish.ts";
import { hold } from "./steps/hold.ts";
import { countAnswers } from "./receipt.ts";
import { runReleaseCommand } from "./steps/release-command.ts";
import { stopOldRelease } from "./steps/remove-old-release.ts";
import { messages } from "./messages.ts";
import { startReplicas } from "./steps/start-replicas.ts";
import {
  openSwitch,
  type DeployInput,
  type DeployPorts,
  type SwitchContext,
} from "./switch-context.ts";
import { undo } from "./undo.ts";

export type { DeployInput, DeployPorts } from "./switch-context.ts";

/**
 * Makes a release live without losing a request. `live` is said at the cut-over; the promise resolves once the old release is gone and the receipt is said.
 * A rejection means that nothing changed: a UserError says why and, in `still`, what runs.
 */
export async function deploy(input: DeployInput, ports: DeployPorts): Promise<Release> {
  const opened = openSwitch(input, ports);
  await unchanged(opened, refuseUnfit);
  await unchanged(opened, runReleaseCommand);
  const begun = opened.clock.now();
  // The names that waiting requests dial are lent to one release at a time. Before the hold, so that no request waits for this.
  if (opened.oldFirst || opened.someWait) await waitForHandover(opened);
  const count = await countAnswers(opened);
  let { context } = count;
  let cut: CutOver;
  try {
    await hold(context);
    if (context.oldFirst) {
      await drainOld(context);
      await stopOldRelease(context);
    }
    await startReplicas(context);
    try {
      await awaitReady(context);
    } catch (error) {
      context = await asProcessOne(context, error);
      await startReplicas(context);
      await awaitReady(context);
    }
    cut = await cutOver(context);
  } catch (error) {
    count.giveUp();
    throw await undo(context, error);
  }
  const ms = cut.at - begun;
  context.say(messages.live(input.release, input.server, { ms, unproven: cut.unproven }));
  await Promise.all([finish(context), context.someWait && count.waitingAnswered()]);
  context.say(await count.receipt(ms));
  return input.release;
}

/** Does work that leaves the old release as it was, also when it fails. */
async function unchanged(
  context: SwitchContext,
  work: (context: SwitchContext) => Promise<void>,
): Promise<void> {
  try {
    await work(context);
  } catch (error) {
    throw failDeploy(context, await explain(context, error), context.from);
  }
}

/** Refuses, before anything is done, a name that other things have, and routes that come with the image. */
async function refuseUnfit(context: SwitchContext): Promise<void> {
  const { engine, service, release } = context;
  await engine.refuseTakenName(release);
  const [label] = (await engine.inspectImage(release.image))?.routingLabels ?? [];
  if (label === undefined) return;
  throw new UserError(`deploy ${service}: its image has the label ${plainText(label)}`, {
    code: "image-label",
    hint: "remove LABEL traefik.… from the Dockerfile, say it with: # mypaas.domain",
  });
}
