import { UserError } from "../../core/errors.ts";
import type { Scale } from "../../core/release/spec.ts";
import type { EnvChanges } from "../../adapters/state/job-changes.ts";
import { liveRelease, stoppedRelease, type StoredRelease } from "../../adapters/state/releases.ts";
import type { State } from "../../adapters/state/state.ts";
import type { Order } from "./desired-release.ts";
import { command, hint } from "../../core/hints.ts";

/** What runs, for a command that changes it; throws UserError "not-running". */
export function runningRelease(
  state: State,
  { action, service }: { readonly action: string; readonly service: string },
): StoredRelease {
  const live = liveRelease(state, service);
  if (live !== undefined) return live;
  const isStopped = stoppedRelease(state, service) !== undefined;
  throw new UserError(`${action} ${service}: ${isStopped ? "it is stopped" : "it does not run"}`, {
    code: "not-running",
    hint: isStopped
      ? hint`start it: ${command(`start ${service}`)}`
      : hint`push it: ${command("push")}`,
  });
}

/** What a service was stopped with; throws UserError "running" or "not-running". */
export function releaseToStart(state: State, service: string): StoredRelease {
  const stopped = stoppedRelease(state, service);
  if (stopped !== undefined) return stopped;
  const live = liveRelease(state, service);
  throw live === undefined
    ? new UserError(`start ${service}: it was never live`, {
        code: "not-running",
        hint: hint`push it: ${command("push")}`,
      })
    : new UserError(`start ${service}: it runs, release ${live.release.number}`, {
        code: "running",
        hint: hint`to begin anew: ${command(`restart ${service}`)}`,
      });
}

/** The same again: image, settings and values as they were. */
export function repeat(of: StoredRelease): Order {
  const { spec, env, number } = of.release;
  const source = { kind: "repeat", of } as const;
  return { spec, env, content: of.content, source, repeats: of.repeats ?? number };
}

/** With another number of replicas; one container that is replaced becomes one of several that come before the old ones go. */
export function rescale(of: StoredRelease, replicas: number): Order {
  const { spec } = of.release;
  return { ...repeat(of), spec: { ...spec, scale: scaleOf(spec.scale, replicas) } };
}

/** Keeps the way in which a service is replaced, as far as there is one for so many. */
export const scaleOf = (before: Scale, replicas: number): Scale => ({
  kind: before.kind === "safe" ? "safe" : "roll",
  replicas,
});

/** With other values; what is taken away is again as the Dockerfile says. */
export function withChanges(of: StoredRelease, changes: EnvChanges): Order {
  const { repeats: _, ...order } = repeat(of);
  const env = Object.entries({ ...order.env, ...changes }).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  );
  return { ...order, env: Object.fromEntries(env) };
}
