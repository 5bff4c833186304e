import { command, hint, type Hint } from "../../../core/hints.ts";
import type { ActionOf, Results } from "../../../core/actions/actions.ts";
import { setEnv, unsetEnv, type EnvChanges } from "../../../adapters/state/env.ts";
import { envChangesOfJob, keepEnvChanges } from "../../../adapters/state/job-changes.ts";
import { liveRelease, setStoppedEnv } from "../../../adapters/state/releases.ts";
import type { State } from "../../../adapters/state/state.ts";
import { readCurrent, runningRelease, withChanges } from "../../deploy/desired-release.ts";
import type { JobKind } from "../job-kind.ts";
import { releaseKind } from "./release-kind.ts";

type EnvChange = ActionOf<"env.set"> | ActionOf<"env.unset">;

/** The live release with values that are set. */
export const envSet = envKind<ActionOf<"env.set">>(({ service, set }) => {
  const values = Object.keys(set).map((name) => `${name}=…`);
  return hint`set them again: ${command(`env ${service} set ${values.join(" ")}`)}`;
});

/** The live release without some of its values. */
export const envUnset = envKind<ActionOf<"env.unset">>(
  ({ service, names }) =>
    hint`unset them again: ${command(`env ${service} unset ${names.join(" ")}`)}`,
);

function envKind<A extends EnvChange>(again: (action: A) => Hint): JobKind<A> {
  return releaseKind<A>({
    verb: "env",
    again,
    desired: ({ state, job }, { action, service }) =>
      withChanges(
        runningRelease(action, readCurrent(state, service)),
        envChangesOfJob(state, job.id),
      ),
    acceptance: {
      withoutJob: (state, change) => {
        const isRunning = liveRelease(state, change.service) !== undefined;
        const needsJob = isRunning && change.stage !== true;
        return needsJob ? undefined : () => saveForNextPush(state, change);
      },
      prepare: (state, job, change) => keepEnvChanges(state, job, changesOf(change)),
    },
  });
}

const changesOf = (change: EnvChange): EnvChanges =>
  change.action === "env.set"
    ? change.set
    : Object.fromEntries(change.names.map((name) => [name, undefined]));

/** Saves values for the next push, and for the next start of a service that is stopped. */
function saveForNextPush(
  state: State,
  change: EnvChange,
): Results["env.set"] | Results["env.unset"] {
  const { service } = change;
  return state.transaction(() => {
    if (change.stage !== true) setStoppedEnv(state, service, changesOf(change));
    if (change.action === "env.unset")
      return { service, unset: unsetEnv(state, service, change.names) };
    setEnv(state, service, change.set);
    return { service, set: Object.keys(change.set) };
  });
}
