import { UserError } from "../../core/errors.ts";
import type { Release } from "../../core/release/release.ts";
import { describeTrouble } from "./describe-failure.ts";
import { stillRuns } from "../messages.ts";
import type { SwitchContext } from "../switch-context.ts";
import { ReplicaFailureError } from "./replica-failure.ts";
import { hintOf } from "../../core/hints.ts";

const shownLogLines = 20;

/** Turns what ended a deploy into words while its containers can still be looked at; a bug stays what it is. */
export async function explain(
  context: Pick<SwitchContext, "engine" | "release" | "service" | "signal">,
  error: unknown,
): Promise<unknown> {
  const { engine, release, service, signal } = context;
  if (error instanceof ReplicaFailureError) {
    const details = await lastWords(engine, error.replica.id);
    const { message, hint } = describeTrouble(release, {
      replica: error.replica.replica,
      trouble: error.trouble,
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

/** The same error, now that it is known what runs. */
export function failDeploy(
  context: SwitchContext,
  error: unknown,
  runs: Release | "unknown" | undefined,
): unknown {
  if (!(error instanceof UserError)) return error;
  const { message, code, details, cause } = error;
  return new UserError(message, {
    code,
    hint: hintOf(error),
    details,
    cause,
    still: stillRuns(context.service, runs),
  });
}

/** A container that cannot be asked any more has no last words; that must not hide why it ended. */
async function lastWords(engine: SwitchContext["engine"], id: string): Promise<readonly string[]> {
  try {
    return await engine.lastLogLines(id, shownLogLines);
  } catch {
    return [];
  }
}
