import { UserError } from "../../core/errors.ts";
import type { Release } from "../../core/release/release.ts";
import { describeFailure } from "./describe-failure.ts";
import { stillRuns } from "../messages.ts";
import type { SwitchContext } from "../switch-context.ts";
import { ReplicaFailureError } from "./replica-failure.ts";
import { hintOf } from "../../core/hints.ts";

const shownLogLines = 20;

/** Turns the error that ended a deploy into words while its replicas are still there; a bug stays as it is. */
export async function explain(
  context: Pick<SwitchContext, "engine" | "release" | "service" | "signal">,
  error: unknown,
): Promise<unknown> {
  const { engine, release, service, signal } = context;
  if (error instanceof ReplicaFailureError) {
    // A replica that is gone has no log; that must not hide why it ended.
    const details = await engine.lastLogLines(error.replica.id, shownLogLines).catch(() => []);
    const { message, hint } = describeFailure(release, {
      replica: error.replica,
      failure: error.failure,
      lastLines: details,
    });
    return new UserError(message, { code: "unready", hint, details, cause: error });
  }
  if (!signal.aborted || error instanceof UserError) return error;
  const reason: unknown = signal.reason;
  return reason instanceof UserError
    ? reason
    : new UserError(`deploy ${service}: cancelled`, { code: "cancelled", cause: error });
}

/** The same error with the release that still runs. */
export function failDeploy(
  context: SwitchContext,
  error: unknown,
  runs: Release | "unknown" | undefined,
): unknown {
  if (!(error instanceof UserError)) return error;
  const { message, code, details, cause } = error;
  const still = stillRuns(context.service, runs);
  return new UserError(message, { code, hint: hintOf(error), details, cause, still });
}
