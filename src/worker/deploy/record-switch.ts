import type { Say } from "../../core/wire/events.ts";
import type { Clock, Journal } from "../../deploy/ports.ts";
import { applyChanges } from "../../adapters/state/job-changes.ts";
import type { Job } from "../../adapters/state/jobs.ts";
import { setLive } from "../../adapters/state/releases.ts";
import { appendStep } from "../../adapters/state/steps.ts";
import type { State } from "../../adapters/state/state.ts";

const retryMs = 5000;

/** Records a switch in the state. */
export interface SwitchRecord {
  readonly journal: Journal;
  /** Records `live` before it passes it on. */
  readonly say: Say;
  /** Resolves once the state has the release as live. */
  readonly recorded: () => Promise<void>;
}

/** Writes the steps of a job's switch into its journal, and records the release as live when `live` is said. */
export function recordSwitch(
  { state, clock }: { readonly state: State; readonly clock: Clock },
  job: Pick<Job, "id" | "service">,
  say: Say,
): SwitchRecord {
  const note = (phase: "intent" | "outcome") => (name: string, data: unknown) => {
    try {
      appendStep(state, job.id, { step: name, phase, data, at: clock.now() });
    } catch (error) {
      // A full disk must not keep the old release from coming back.
      if (name !== "undo") throw error;
    }
  };
  let unrecorded: number | undefined;
  const record = () => {
    const number = unrecorded;
    if (number === undefined) return;
    try {
      state.transaction(() => {
        setLive(state, job.service, number);
        applyChanges(state, job);
      });
      unrecorded = undefined;
    } catch {
      // Tried again by `recorded`.
    }
  };
  return {
    journal: { intent: note("intent"), outcome: note("outcome") },
    say: (event) => {
      if (event.kind === "live") {
        // First, because a reader of `live` may ask for the releases at once.
        unrecorded = event.release;
        record();
      }
      say(event);
    },
    recorded: async () => {
      // The release serves, and that cannot be taken back, so the state has to follow.
      for (record(); unrecorded !== undefined; record()) await clock.sleep(retryMs);
    },
  };
}
