import type { JobAction } from "../../../core/actions/actions.ts";
import type { DesiredRelease } from "../../deploy/desired-release.ts";
import { makeLive } from "../../deploy/deploy-job.ts";
import { wentLive } from "../../deploy/interrupted.ts";
import type { JobKind, JobRun } from "../job-kind.ts";
import { reconcile } from "../resume.ts";

interface ReleaseKind<A extends JobAction> extends Omit<JobKind<A>, "perform" | "recovery"> {
  /** Finds out what is to be made live; throws UserError with everything that is wrong about it. */
  readonly desired: (run: JobRun, action: A) => DesiredRelease | Promise<DesiredRelease>;
}

/** A kind of job that ends in a live release. */
export const releaseKind = <A extends JobAction>({
  desired,
  ...rest
}: ReleaseKind<A>): JobKind<A> => ({
  ...rest,
  perform: async (run, action) => makeLive(run, await desired(run, action)),
  recovery: { resume: reconcile, outcome: wentLive },
});
