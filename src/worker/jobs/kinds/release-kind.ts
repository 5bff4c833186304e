import type { JobAction } from "../../../core/actions/actions.ts";
import type { DesiredRelease } from "../../deploy/desired-release.ts";
import { makeLive } from "../../deploy/deploy-job.ts";
import { wentLive } from "../../deploy/went-live.ts";
import type { JobKind } from "../job-kind.ts";
import type { JobRun } from "../job-run.ts";
import { reconcile } from "../resume.ts";

interface ReleaseKind<A extends JobAction> extends Pick<JobKind<A>, "words" | "acceptance"> {
  readonly supersedes?: boolean;
  /** Finds out what is to be made live; throws UserError with everything that is wrong about it. */
  readonly desired: (run: JobRun, action: A) => DesiredRelease | Promise<DesiredRelease>;
}

/** A kind of job that ends in a live release. */
export function releaseKind<A extends JobAction>(kind: ReleaseKind<A>): JobKind<A> {
  const { desired, supersedes = false, ...rest } = kind;
  return {
    ...rest,
    scope: "service",
    supersedes,
    perform: async (run, action) => makeLive(run, await desired(run, action)),
    recovery: {
      resume: async (parts, job, say) =>
        reconcile({ ...parts, tools: await parts.tools() }, job, say),
      outcome: wentLive,
    },
  };
}
