import { type Hint, command, hint } from "../../core/hints.ts";
import type { OwnProgram } from "../../adapters/engines/docker/container-plan.ts";
import type { ActionOf } from "../../core/actions/actions.ts";
import { bad } from "../../core/actions/fields.ts";
import { commandWords } from "../../core/release/command.ts";
import type { ServiceSpec } from "../../core/release/spec.ts";
import { commandOfProcess, processWord, web } from "../../core/release/processes.ts";
import { UserError } from "../../core/errors.ts";
import {
  currentRelease,
  listReleases,
  liveRelease,
  stoppedRelease,
  type StoredRelease,
} from "../../adapters/state/releases.ts";
import type { State } from "../../adapters/state/state.ts";
import type { Replica } from "../../deploy/ports.ts";

/** The release for a one-off container: the named one, or the live or stopped one. Throws UserError "no-release". */
export function releaseToRun(
  state: State,
  { service, release: wanted }: { readonly service: string; readonly release?: number },
): StoredRelease {
  const all = listReleases(state, service);
  const refuse = (what: string, wayOut: Hint): UserError =>
    new UserError(`run ${service}: ${what}`, { code: "no-release", hint: wayOut });
  if (all.length === 0)
    throw refuse("no such service here", hint`list the releases: ${command("releases")}`);
  if (wanted === undefined) {
    const now = currentRelease(state, service);
    if (now !== undefined) return now;
    throw refuse("it was never live", hint`push it: ${command("push")}`);
  }
  const list = hint`list its releases: ${command(`releases ${service}`)}`;
  const found = all.find(({ release }) => release.number === wanted);
  if (found === undefined) throw refuse(`release ${wanted} is not known`, list);
  if (found.imageId === "") throw refuse(`the image of release ${wanted} was removed`, list);
  return found;
}

/** What a one-off container runs, and the process whose environment it gets; without a command what that process runs. Throws UserError "no-process". */
export function programToRun(
  spec: ServiceSpec,
  { service, process, command: words }: ActionOf<"run">,
): Pick<OwnProgram, "command" | "process"> {
  if (process === undefined) {
    if (words !== undefined) return { command: words };
    throw bad("command: should be a list of words");
  }
  const written = commandOfProcess(spec, process, `run ${service}`);
  const own = written === undefined ? undefined : commandWords(written);
  const chosen = words ?? own;
  return { process, ...(chosen !== undefined && { command: chosen }) };
}

/** The replica for `exec`: the named one, or the first that runs. Throws UserError "not-running". */
export function replicaToEnter(
  state: State,
  {
    service,
    process = web,
    replica: wanted,
  }: { readonly service: string; readonly process?: string; readonly replica?: number },
  containers: readonly Replica[],
): Replica {
  const word = processWord(service, process);
  const refuse = (what: string, wayOut: Hint): UserError =>
    new UserError(`exec ${word}: ${what}`, { code: "not-running", hint: wayOut });
  const live = liveRelease(state, service)?.release.number;
  if (live === undefined) {
    if (stoppedRelease(state, service) !== undefined)
      throw refuse("it is stopped", hint`start it: ${command(`start ${service}`)}`);
    throw refuse("it does not run", hint`list what runs: ${command("ps")}`);
  }
  const running = containers
    .filter((one) => one.release === live && one.process === process && one.state === "running")
    .toSorted((a, b) => a.replica - b.replica);
  const found = running.find(({ replica }) => wanted === undefined || replica === wanted);
  if (found !== undefined) return found;
  const numbers = running.map(({ replica }) => replica).join(", ") || "none";
  throw refuse(
    wanted === undefined ? "no replica of it runs now" : `replica ${wanted} does not run`,
    hint`choose one that runs (${numbers}): ${command(`exec ${word} --replica N -- …`)}`,
  );
}
