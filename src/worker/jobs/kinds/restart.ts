import { hint, command } from "../../../core/hints.ts";
import { readCurrent, repeatOf, runningRelease } from "../../deploy/from-existing.ts";
import type { ActionOf } from "../job-kind.ts";
import { releaseKind } from "./release-kind.ts";

/** A release like the live one. */
export const restart = releaseKind<ActionOf<"restart">>({
  words: {
    verb: "restart",
    again: ({ service }) => hint`restart it again: ${command(`restart ${service}`)}`,
  },
  desired: ({ state }, { action, service }) => ({
    ...repeatOf(runningRelease(action, readCurrent(state, service))),
    isForced: true,
  }),
});
