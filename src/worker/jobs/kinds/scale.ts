import { hint, command } from "../../../core/hints.ts";
import { processWord, refuseNoWeb, web } from "../../../core/release/processes.ts";
import { keepScaleChange } from "../../../adapters/state/job-changes.ts";
import { liveRelease } from "../../../adapters/state/releases.ts";
import { scaleOverride } from "../../../adapters/state/services.ts";
import {
  readCurrent,
  rescale,
  runningRelease,
  writtenScale,
} from "../../deploy/desired-release.ts";
import type { ActionOf } from "../../../core/actions/actions.ts";
import { releaseKind } from "./release-kind.ts";

/** The live release with another number of replicas. */
export const scale = releaseKind<ActionOf<"scale">>({
  again: ({ service, process = web, replicas }) =>
    hint`scale it again: ${command(`scale ${processWord(service, process)} ${replicas}`)}`,
  desired: ({ state }, { action, service, process, replicas }) =>
    rescale(runningRelease(action, readCurrent(state, service)), replicas, process),
  acceptance: {
    // Other clients than ours may ask for it.
    withoutJob: (_state, action) => {
      refuseNoWeb(action);
      return undefined;
    },
    prepare: (state, job, { service, process = web, replicas }) => {
      const known = scaleOverride(state, service, process);
      const written = writtenScale(known, liveRelease(state, service), process);
      keepScaleChange(state, job, { written, replicas }, process);
    },
  },
});
