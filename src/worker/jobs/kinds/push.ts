import { readEnv } from "../../../adapters/state/env.ts";
import { pushSource } from "../../../sources/push.ts";
import { readSpec } from "../../../sources/read-spec.ts";
import { forgetOutdatedScale, scaledByCommand } from "../../deploy/scale-override.ts";
import type { ActionOf } from "../job-kind.ts";
import { releaseKind } from "./release-kind.ts";

/** A release out of files that were sent. */
export const push = releaseKind<ActionOf<"push">>({
  words: { verb: "deploy", again: () => "push again: mypaas push" },
  // It holds everything that an older push does.
  supersedes: true,
  desired: async ({ state, store, job, say }, action) => {
    const { service } = action;
    const source = pushSource(action, store);
    const written = await readSpec(source.dockerfile, service, say);
    forgetOutdatedScale(state, job.id, written);
    return { spec: scaledByCommand(state, written), env: readEnv(state, service), source };
  },
});
