import { hint, command } from "../../../core/hints.ts";
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
  again: ({ service, replicas }) =>
    hint`scale it again: ${command(`scale ${service} ${replicas}`)}`,
  desired: ({ state }, { action, service, replicas }) =>
    rescale(runningRelease(action, readCurrent(state, service)), replicas),
  acceptance: {
    prepare: (state, job, { service, replicas }) => {
      const written = writtenScale(scaleOverride(state, service), liveRelease(state, service));
      keepScaleChange(state, job, { written, replicas });
    },
  },
});
