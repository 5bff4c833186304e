import { stopService } from "../../../deploy/stop-service.ts";
import { setReleaseState, type StoredRelease } from "../../../adapters/state/releases.ts";
import { rememberData } from "../../deploy/kept-data.ts";
import { readCurrent, runningRelease } from "../../deploy/desired-release.ts";
import { recordSwitch } from "../../deploy/record-switch.ts";
import type { ActionOf } from "../../../core/actions/actions.ts";
import type { JobKind, JobRun } from "../job-kind.ts";

/** Stops a service until it is started again. */
export const stop: JobKind<ActionOf<"stop">> = {
  recovery: "repeat",
  perform: async (run, { action, service }) => {
    const current = readCurrent(run.state, service);
    const running = current.stopped ?? runningRelease(action, current);
    const { engine } = await run.tools();
    const stored = await rememberData(run.state, engine, running, run.say);
    await stopRelease(run, stored);
    return { kind: "stopped", service, release: stored.release.number };
  },
};

/** Takes a release that is live, or stopped already, out of use. Recorded first, so that a worker that ends in the middle goes on with it; a failure leaves it as it was. */
export async function stopRelease(
  { state, clock, config, tools, job, say, signal }: JobRun,
  { release, state: was }: StoredRelease,
): Promise<void> {
  const place = { service: job.service, number: release.number };
  setReleaseState(state, place, "stopped");
  try {
    await stopService(
      { release, isLive: was === "live", server: config, signal },
      { ...(await tools()), clock, ...recordSwitch({ state, clock }, job, say) },
    );
  } catch (error) {
    setReleaseState(state, place, was);
    throw error;
  }
}
