import { UserError } from "../../core/errors.ts";
import {
  currentRelease,
  listReleases,
  liveRelease,
  stoppedRelease,
  type StoredRelease,
} from "../../adapters/state/releases.ts";
import type { State } from "../../adapters/state/state.ts";
import type { ContainerFacts } from "../../deploy/ports.ts";
import { type Hint, command, hint } from "../../core/hints.ts";

/** The release that a one-off container is made of: the one named, else what is live or was stopped; throws UserError "no-release". */
export function releaseToRun(
  state: State,
  { service, release: wanted }: { readonly service: string; readonly release?: number },
): StoredRelease {
  const all = listReleases(state, service);
  const refuse = (what: string, way: Hint): UserError =>
    new UserError(`run ${service}: ${what}`, { code: "no-release", hint: way });
  if (all.length === 0)
    throw refuse("no such service here", hint`see what there is: ${command("releases")}`);
  if (wanted === undefined) {
    const now = currentRelease(state, service);
    if (now !== undefined) return now;
    throw refuse("it was never live", hint`push it: ${command("push")}`);
  }
  const look = hint`see which are kept: ${command(`releases ${service}`)}`;
  const found = all.find(({ release }) => release.number === wanted);
  if (found === undefined) throw refuse(`release ${wanted} is not known`, look);
  if (found.imageId === "") throw refuse(`the image of release ${wanted} was removed`, look);
  return found;
}

/** The replica of the live release that somebody wants to enter; without a number the first that runs. Throws UserError "not-running". */
export function replicaToEnter(
  state: State,
  { service, replica: wanted }: { readonly service: string; readonly replica?: number },
  containers: readonly ContainerFacts[],
): ContainerFacts {
  const refuse = (what: string, way: Hint): UserError =>
    new UserError(`exec ${service}: ${what}`, { code: "not-running", hint: way });
  const live = liveRelease(state, service)?.release.number;
  if (live === undefined) {
    if (stoppedRelease(state, service) !== undefined)
      throw refuse("it is stopped", hint`start it: ${command(`start ${service}`)}`);
    throw refuse("it does not run", hint`see what does: ${command("ps")}`);
  }
  const running = containers
    .filter(({ release, state: is }) => release === live && is === "running")
    .toSorted((a, b) => a.replica - b.replica);
  const found = running.find(({ replica }) => wanted === undefined || replica === wanted);
  if (found !== undefined) return found;
  const numbers = running.map(({ replica }) => replica).join(", ") || "none";
  throw refuse(
    wanted === undefined ? "no replica of it runs now" : `replica ${wanted} does not run`,
    hint`choose one that runs (${numbers}): ${command(`exec ${service} --replica N -- …`)}`,
  );
}
