import { hint, command } from "../../../core/hints.ts";
import { readEnv } from "../../../adapters/state/env.ts";
import { keepScaleChange } from "../../../adapters/state/job-changes.ts";
import { scaleOverride } from "../../../adapters/state/services.ts";
import { pushSource } from "../../../sources/push.ts";
import { readSpec } from "../../../sources/read-spec.ts";
import { decideScale } from "../../deploy/desired-release.ts";
import type { ActionOf } from "../../../core/actions/actions.ts";
import { releaseKind } from "./release-kind.ts";

/** A release out of files that were sent. */
export const push = releaseKind<ActionOf<"push">>({
  verb: "deploy",
  again: () => hint`push again: ${command("push")}`,
  // It holds everything that an older push does.
  supersedes: true,
  desired: async ({ state, store, job, say }, action) => {
    const { service } = action;
    const source = pushSource(action, store.open);
    const written = await readSpec(source.dockerfile, service, say);
    const { spec, isOutdated } = decideScale(written, scaleOverride(state, service));
    if (isOutdated) keepScaleChange(state, job.id, undefined);
    return { spec, env: readEnv(state, service), source };
  },
});
