import type { Release } from "../../core/release/release.ts";
import type { RoutingChange } from "../../core/routing/routing-change.ts";
import { switchWay } from "../../core/release/switch-way.ts";
import { messages } from "../../deploy/messages.ts";
import { progressOf, routingLeft } from "../../deploy/progress.ts";
import type { Left } from "../../deploy/recover.ts";
import { unfinishedJobs, type Job } from "../../adapters/state/jobs.ts";
import { hasLogged } from "../../adapters/state/log.ts";
import { findRelease, liveRelease, releasesOfJob } from "../../adapters/state/releases.ts";
import { readSteps } from "../../adapters/state/steps.ts";
import type { State } from "../../adapters/state/state.ts";
import type { JobParts, Recovered } from "../jobs/job-kind.ts";

/** The switch of a job that a worker left in the middle. */
export interface Interrupted extends Left {
  readonly release: Release;
  readonly from: Release | undefined;
}

/** Reads the switch of a job from its journal; undefined when it had not begun one. */
export function interruptedSwitch(state: State, job: Job): Interrupted | undefined {
  const steps = readSteps(state, job.id);
  const [first] = steps;
  const release = releasesOfJob(state, job.id).at(-1)?.release;
  if (release === undefined || first === undefined) return undefined;
  const { from: before } = first.data;
  const from = before === undefined ? undefined : findRelease(state, job.service, before);
  const notes = steps.map((entry) => ({ ...entry, ok: entry.data.ok === true }));
  const cutAt = notes.find(({ step, ok }) => step === "cut-over" && ok)?.at;
  return { release, from: from?.release, progress: progressOf(notes), begun: first.at, cutAt };
}

/** The changes to the dynamic file that belong to switches which an earlier worker left in the middle. */
export function interruptedChanges(state: State): readonly RoutingChange[] {
  return unfinishedJobs(state)
    .filter((job) => job.state === "running")
    .flatMap((job) => {
      const left = interruptedSwitch(state, job);
      if (left === undefined) return [];
      const { release, from, progress } = left;
      const { oldFirst } = switchWay(from, release);
      return routingLeft({ service: job.service, release, from, oldFirst }, progress);
    });
}

/** How a job ended whose worker stopped before its end; undefined when its release never went live. */
export function wentLive(
  { state, config }: Pick<JobParts, "state" | "config">,
  job: Job,
): Recovered | undefined {
  const live = liveRelease(state, job.service);
  if (live === undefined || live.job !== job.id) return undefined;
  if (hasLogged(state, job.id, "live")) return { missingEvent: undefined };
  const steps = readSteps(state, job.id);
  const done = steps.findLast(({ step, phase }) => step === "cut-over" && phase === "outcome");
  const ms = (done?.at ?? 0) - (done === undefined ? 0 : (steps[0]?.at ?? 0));
  return { missingEvent: messages.live(live.release, config, { ms: ms }) };
}
