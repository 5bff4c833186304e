import { hint, command } from "../../../core/hints.ts";
import { readCurrent, releaseToStart, repeatOf } from "../../deploy/from-existing.ts";
import type { ActionOf } from "../job-kind.ts";
import { releaseKind } from "./release-kind.ts";

/** A release like the one that a service was stopped with. */
export const start = releaseKind<ActionOf<"start">>({
  words: {
    verb: "start",
    again: ({ service }) => hint`start it again: ${command(`start ${service}`)}`,
  },
  desired: ({ state }, { service }) => repeatOf(releaseToStart(readCurrent(state, service))),
});
