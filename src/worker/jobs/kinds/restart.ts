import { readCurrent, repeatOf, runningRelease } from "../../deploy/desired-release.ts";
import type { ActionOf } from "../../../core/actions/actions.ts";
import { releaseKind } from "./release-kind.ts";

/** A release like the live one. */
export const restart = releaseKind<ActionOf<"restart">>({
  desired: ({ state }, { action, service }) => ({
    ...repeatOf(runningRelease(action, readCurrent(state, service))),
    isForced: true,
  }),
});
