import type { InstanceConfig } from "../../core/server/instance.ts";
import { messages } from "../../deploy/messages.ts";
import type { Job } from "../../adapters/state/jobs.ts";
import { hasLogged } from "../../adapters/state/log.ts";
import { liveRelease } from "../../adapters/state/releases.ts";
import { readSteps } from "../../adapters/state/steps.ts";
import type { State } from "../../adapters/state/state.ts";
import type { Recovered } from "../jobs/job-kind.ts";

/** How a job ended whose worker stopped before its end; undefined when its release never went live. */
export function wentLive(
  { state, config }: { readonly state: State; readonly config: InstanceConfig },
  job: Job,
): Recovered | undefined {
  const live = liveRelease(state, job.service);
  if (live === undefined || live.job !== job.id) return undefined;
  if (hasLogged(state, job.id, "live")) return { missingEvent: undefined };
  const steps = readSteps(state, job.id);
  const done = steps.findLast(({ step, phase }) => step === "cut-over" && phase === "outcome");
  const ms = (done?.at ?? 0) - (done === undefined ? 0 : (steps[0]?.at ?? 0));
  return { missingEvent: messages.live(live.release, config, ms) };
}
