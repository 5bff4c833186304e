import { command, hint } from "../../core/hints.ts";
import { UserError } from "../../core/errors.ts";
import { commandOfProcess, refuseNoWeb, web } from "../../core/release/processes.ts";
import { writeScale, type Scale, type ServiceSpec } from "../../core/release/spec.ts";
import type { ScaleOverride } from "../../core/stored/records.ts";
import { repeatSource } from "../../sources/repeat.ts";
import type { Source } from "../../sources/source.ts";
import { placeChanges, type ValueChanges } from "../../core/release/values.ts";
import type { PushFrom } from "../../core/actions/push.ts";
import type { Release } from "../../core/release/release.ts";
import { keepSecrets } from "../../adapters/state/secrets.ts";
import { liveRelease, stoppedRelease, type StoredRelease } from "../../adapters/state/releases.ts";
import type { State } from "../../adapters/state/state.ts";

/** What a job was asked to make live: settings, values and where its image comes from. */
export interface DesiredRelease {
  readonly spec: ServiceSpec;
  /** Values for its environment beside those in the spec. */
  readonly env: Readonly<Record<string, string>>;
  /** Versions of the values of its files, by name of the secret. */
  readonly secretFiles: Readonly<Record<string, string>>;
  readonly source: Source;
  /** Where the code came from. */
  readonly from?: PushFrom | undefined;
  /** The release whose image and settings these are, where nothing about them was changed. */
  readonly repeats?: number;
  /** Makes a release even where it would run the same way. */
  readonly isForced?: boolean;
}

/** What a service is now; at most one of the two is there. */
interface Current {
  readonly service: string;
  readonly live: StoredRelease | undefined;
  readonly stopped: StoredRelease | undefined;
}

/** Reads what a service is now. */
export const readCurrent = (state: State, service: string): Current => ({
  service,
  live: liveRelease(state, service),
  stopped: stoppedRelease(state, service),
});

/** The live release, for a command that changes it; throws UserError "not-running". */
export function runningRelease(verb: string, { service, live, stopped }: Current): StoredRelease {
  if (live !== undefined) return live;
  const isStopped = stopped !== undefined;
  throw new UserError(`${verb} ${service}: it ${isStopped ? "is stopped" : "does not run"}`, {
    code: "not-running",
    hint: isStopped
      ? hint`start it: ${command(`start ${service}`)}`
      : hint`push it: ${command("push")}`,
  });
}

/** The release that a service was stopped with; throws UserError "running" or "not-running". */
export function releaseToStart({ service, live, stopped }: Current): StoredRelease {
  if (stopped !== undefined) return stopped;
  throw live === undefined
    ? new UserError(`start ${service}: it was never live`, {
        code: "not-running",
        hint: hint`push it: ${command("push")}`,
      })
    : new UserError(`start ${service}: it runs, release ${live.release.number}`, {
        code: "running",
        hint: hint`to restart it: ${command(`restart ${service}`)}`,
      });
}

/** The same again: image, settings and values as they were. */
export function repeatOf(stored: StoredRelease): DesiredRelease {
  const { spec, env, number } = stored.release;
  const secretFiles = versionsOf(stored.release);
  return {
    spec,
    env,
    secretFiles,
    source: repeatSource(stored),
    repeats: stored.repeats ?? number,
    from: stored.from,
  };
}

/** The same with another number of replicas; one container that is replaced becomes one of several that come before the old ones go. Throws UserError for a process that the release does not have. */
export function rescale(stored: StoredRelease, replicas: number, process = web): DesiredRelease {
  const { spec } = stored.release;
  return {
    ...repeatOf(stored),
    spec: scaled(refuseScale(spec, process, replicas), process, replicas),
  };
}

function refuseScale(spec: ServiceSpec, process: string, replicas: number): ServiceSpec {
  const { service } = spec;
  refuseNoWeb({ service, process, replicas });
  commandOfProcess(spec, process, `scale ${service}`);
  return spec;
}

const scaled = (spec: ServiceSpec, process: string, replicas: number): ServiceSpec =>
  process === web
    ? { ...spec, scale: scaleOf(spec.scale, replicas) }
    : {
        ...spec,
        processes: spec.processes.map((one) => (one.name === process ? { ...one, replicas } : one)),
      };

/** Keeps the way in which a service is replaced, as far as there is one for so many. */
const scaleOf = (before: Scale, replicas: number): Scale => ({
  kind: before.kind === "safe" ? "safe" : "roll",
  replicas,
});

/** The same with other values; for a value that is taken away the Dockerfile's counts again. */
export function withChanges(
  state: State,
  stored: StoredRelease,
  changes: ValueChanges,
): DesiredRelease {
  const { repeats: _, ...desired } = repeatOf(stored);
  return { ...desired, ...changedValues(state, stored.release, changes) };
}

/** The variables of a release with changes, and the versions of its files. */
export function changedValues(
  state: State,
  release: Release,
  changes: ValueChanges,
): Pick<DesiredRelease, "env" | "secretFiles"> {
  const { env, files } = placeChanges(release, changes);
  const kept = Object.entries(versionsOf(release)).filter(([name]) => !Object.hasOwn(files, name));
  const set = Object.entries(files).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  );
  const added = keepSecrets(state, release.spec.service, Object.fromEntries(set));
  return { env, secretFiles: { ...Object.fromEntries(kept), ...added } };
}

const versionsOf = ({ secretFiles = [] }: Release): Readonly<Record<string, string>> =>
  Object.fromEntries(secretFiles.map(({ name, version }) => [name, version]));

interface DecidedScales {
  /** The settings of the Dockerfile, with the scales that count. */
  readonly spec: ServiceSpec;
  /** The scales of commands that count, by process. */
  readonly overrides: ReadonlyMap<string, ScaleOverride>;
  /** Processes whose command counts no more, because the Dockerfile has another scale since. */
  readonly outdated: readonly string[];
}

/** Decides for each process between the scale of a Dockerfile and the one that a command set. */
export function decideScales(
  written: ServiceSpec,
  set: ReadonlyMap<string, ScaleOverride>,
): DecidedScales {
  const overrides = new Map(
    [...set].filter(([process, { written: then }]) => then === scaleWord(written, process)),
  );
  let spec = written;
  for (const [process, { replicas }] of overrides) spec = scaled(spec, process, replicas);
  return { spec, overrides, outdated: [...set.keys()].filter((one) => !overrides.has(one)) };
}

/** The scale in the Dockerfile of the live release, without the changes of commands. */
export function writtenScale(
  override: ScaleOverride | undefined,
  live: StoredRelease | undefined,
  process = web,
): string {
  if (override !== undefined) return override.written;
  return live === undefined ? "" : scaleWord(live.release.spec, process);
}

/** Empty for a process that the spec does not have. */
const scaleWord = (spec: ServiceSpec, process: string): string =>
  process === web
    ? writeScale(spec.scale)
    : String(spec.processes.find(({ name }) => name === process)?.replicas ?? "");
