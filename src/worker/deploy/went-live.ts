import type { LiveEvent } from "../../core/wire/events.ts";
import type { InstanceConfig } from "../../core/server/instance.ts";
import { messages } from "../../deploy/messages.ts";
import type { Job } from "../../adapters/state/jobs.ts";
import { hasLogged } from "../../adapters/state/log.ts";
import { liveRelease } from "../../adapters/state/releases.ts";
import { readSteps } from "../../adapters/state/steps.ts";
import type { State } from "../../adapters/state/state.ts";

/** How a job ended that a worker left behind after its cut-over. */
export interface WentLive {
  /** Undefined where its log says so already. */
  readonly missingEvent: LiveEvent | undefined;
}

/** Tells whether the release of a job serves now, though its worker did not live to see the end; undefined when it never went live. */
export function wentLive(
  { state, config }: { readonly state: State; readonly config: InstanceConfig },
  job: Job,
): WentLive | undefined {
  const live = liveRelease(state, job.service);
  if (live === undefined || live.job !== job.id) return undefined;
  if (hasLogged(state, job.id, "live")) return { missingEvent: undefined };
  const steps = readSteps(state, job.id);
  const done = steps.findLast(({ step, phase }) => step === "cut-over" && phase === "outcome");
  const ms = (done?.at ?? 0) - (done === undefined ? 0 : (steps[0]?.at ?? 0));
  return { missingEvent: messages.live(live.release, config, ms) };
}
