import { command, hint, type Hint } from "../../../core/hints.ts";
import { UserError } from "../../../core/errors.ts";
import type { ActionOf, Results } from "../../../core/actions/actions.ts";
import type { Release } from "../../../core/release/release.ts";
import { isVariableName, onlyBuildsAsk, type ValueChanges } from "../../../core/release/values.ts";
import { readValues } from "../../../adapters/state/env.ts";
import {
  applyValueChanges,
  keepValueChanges,
  valueChangesOfJob,
} from "../../../adapters/state/job-changes.ts";
import {
  currentRelease,
  liveRelease,
  rewriteStopped,
  stoppedRelease,
} from "../../../adapters/state/releases.ts";
import type { State } from "../../../adapters/state/state.ts";
import {
  changedValues,
  readCurrent,
  runningRelease,
  withChanges,
} from "../../deploy/desired-release.ts";
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
        state,
        runningRelease(action, readCurrent(state, service)),
        valueChangesOfJob(state, job.id),
      ),
    acceptance: {
      withoutJob: (state, change) => {
        refuseBadNames(state, change);
        return needsRelease(state, change) ? undefined : () => saveForNextPush(state, change);
      },
      prepare: (state, job, change) => keepValueChanges(state, job, changesOf(state, change)),
    },
  });
}

/** What was set as a secret stays one, so that a new value cannot end up in the environment by a forgotten option. */
function changesOf(state: State, change: EnvChange): ValueChanges {
  if (change.action === "env.unset")
    return Object.fromEntries(change.names.map((name) => [name, undefined]));
  const known = readValues(state, change.service);
  return Object.fromEntries(
    Object.entries(change.set).map(([name, value]) => {
      const wasSecret = Object.hasOwn(known, name) && known[name]?.isSecret === true;
      return [name, { value, isSecret: change.secret === true || wasSecret }];
    }),
  );
}

function refuseBadNames(state: State, change: EnvChange): void {
  const wrong = Object.entries(changesOf(state, change)).find(
    ([name, one]) => one !== undefined && !one.isSecret && !isVariableName(name),
  );
  if (wrong === undefined) return;
  throw new UserError(`env ${change.service}: no environment variable can be called ${wrong[0]}`, {
    code: "bad-request",
    hint: hint`use letters, digits and _, or set it as a secret: ${command(`env ${change.service} set ${wrong[0]}=… --secret`)}`,
  });
}

/** False for a service that does not run, and for secrets that only its builds ask for. */
function needsRelease(state: State, change: EnvChange): boolean {
  const live = liveRelease(state, change.service);
  if (live === undefined || change.stage === true) return false;
  const before = readValues(state, change.service);
  return !onlyBuildsAsk(live.release.spec, before, changesOf(state, change));
}

/** Saves values for the next push, and for the next start of a service that is stopped. */
function saveForNextPush(
  state: State,
  change: EnvChange,
): Results["env.set"] | Results["env.unset"] {
  const { service } = change;
  return state.transaction(() => {
    const before = readValues(state, service);
    const changes = changesOf(state, change);
    const stopped = change.stage === true ? undefined : stoppedRelease(state, service);
    if (stopped !== undefined) changeStopped(state, stopped.release, changes);
    applyValueChanges(state, service, changes);
    const current = currentRelease(state, service)?.release.spec;
    const isForBuilds =
      change.stage !== true && current !== undefined && onlyBuildsAsk(current, before, changes);
    const takesEffect = isForBuilds ? { takesEffect: "next push" as const } : {};
    if (change.action === "env.set")
      return { service, set: Object.keys(change.set), ...takesEffect };
    const unset = change.names.filter((name) => Object.hasOwn(before, name));
    return { service, unset, ...takesEffect };
  });
}

/** Its next start makes the files again, at the paths of that release. */
function changeStopped(state: State, stopped: Release, changes: ValueChanges): void {
  const { env, secretFiles: versions } = changedValues(state, stopped, changes);
  const files = (stopped.secretFiles ?? []).flatMap((file) => {
    const version = Object.hasOwn(versions, file.name) ? versions[file.name] : undefined;
    return version === undefined ? [] : [{ ...file, version }];
  });
  const known = stopped.secretFiles === undefined ? {} : { secretFiles: files };
  rewriteStopped(state, { ...stopped, env, ...known });
}
