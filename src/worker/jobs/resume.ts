import type { Say } from "../../core/wire/events.ts";
import type { Engine } from "../../deploy/ports.ts";
import { untilEngineAnswers } from "../../deploy/retry-while-down.ts";
import { recover } from "../../deploy/recover.ts";
import { openSwitch } from "../../deploy/switch-context.ts";
import { untilNobodyWaits } from "../../deploy/steps/give-name.ts";
import { unfinishedJobs, type Job } from "../../adapters/state/jobs.ts";
import { hasLogged } from "../../adapters/state/log.ts";
import {
  listReleases,
  liveRelease,
  releasesOfJob,
  setReleaseState,
} from "../../adapters/state/releases.ts";
import { appendStep, unfinishedSteps } from "../../adapters/state/steps.ts";
import type { State } from "../../adapters/state/state.ts";
import { interruptedSwitch, type Interrupted } from "../deploy/interrupted.ts";
import { recordSwitch } from "../deploy/record-switch.ts";
import type { JobParts } from "./job-kind.ts";

type ReconcileParts = Pick<JobParts, "state" | "config" | "clock" | "tools" | "traefikEvents">;

/** Continues the switch of a job that a worker left in the middle, forward or back; a release that never became live is recorded as failed. Every call may be repeated. */
export async function reconcile(parts: ReconcileParts, job: Job, say: Say): Promise<void> {
  const { state, clock } = parts;
  const { engine } = await parts.tools();
  const left = interruptedSwitch(state, job);
  if (left === undefined)
    await untilEngineAnswers({ clock, say }, () => removeUnknown(state, engine, job.service));
  else await goOn(parts, job, say, left);
  for (const { release, state: was } of releasesOfJob(state, job.id)) {
    const { service } = job;
    if (was !== "live") setReleaseState(state, { service, number: release.number }, "failed");
  }
}

async function goOn(parts: ReconcileParts, job: Job, say: Say, left: Interrupted): Promise<void> {
  const { state, config, clock, tools, traefikEvents } = parts;
  // Otherwise Traefik learns of a container only after its removal, and sends requests to its address.
  if (left.progress !== "after") await traefikEvents.waitUntilSubscribed();
  const alreadyLogged = hasLogged(state, job.id, "live");
  const record = recordSwitch(parts, job, (event) => {
    if (event.kind !== "live" || !alreadyLogged) say(event);
  });
  const { release, from } = left;
  const { signal } = new AbortController();
  const context = openSwitch(
    { release, from, server: config, signal },
    { ...(await tools()), clock, ...record },
  );
  await recover(context, left);
  await record.recorded();
}

/** Removes containers whose release number is not recorded; any other container may still be needed. */
async function removeUnknown(state: State, engine: Engine, service: string): Promise<void> {
  const known = new Set(listReleases(state, service).map(({ release }) => release.number));
  for (const number of await engine.releases(service))
    if (!known.has(number)) await engine.remove({ service, number });
}

/** Does the renames that an earlier worker had no time for; the next switch of the service waits for them. */
export async function finishNames({
  state,
  clock,
  tools,
}: Pick<JobParts, "state" | "clock" | "tools">): Promise<void> {
  const open = new Set(unfinishedJobs(state).map(({ id }) => id));
  const owed = unfinishedSteps(state, "take-names").filter(({ job }) => !open.has(job));
  if (owed.length === 0) return;
  const { engine, meter, nameHandovers } = await tools();
  for (const { job, service } of owed) {
    const give = async () => {
      await untilNobodyWaits({ clock, meter });
      await untilEngineAnswers({ clock, say: () => undefined }, async () => {
        const live = liveRelease(state, service)?.release;
        if (live !== undefined) await engine.giveName(live);
      });
      const data = { service, ok: true };
      appendStep(state, job, { step: "take-names", phase: "outcome", data, at: clock.now() });
    };
    // A container that keeps a wrong name is renamed by the next deploy.
    nameHandovers.begin(service, () => give().catch(() => undefined));
  }
}
