import { readCurrent, releaseToStart, repeatOf } from "../../deploy/desired-release.ts";
import type { ActionOf } from "../../../core/actions/actions.ts";
import { releaseKind } from "./release-kind.ts";

/** A release like the one that a service was stopped with. */
export const start = releaseKind<ActionOf<"start">>({
  desired: ({ state }, { service }) => repeatOf(releaseToStart(readCurrent(state, service))),
});
