import { coversOf, uncoveredPaths } from "./declared-volumes.ts";
import type { Mount, Release } from "./release.ts";
import { replicaCount, stopsOldFirst } from "./spec.ts";

/** A volume that the engine made by itself, because an image declares it and an earlier version of mypaas let it. */
export interface FoundVolume {
  readonly target: string;
  readonly name: string;
  readonly replica: number;
}

/** What a release has at one path. */
export interface Held {
  readonly mount: Mount;
  /** True for data that no Dockerfile names. */
  readonly isUnnamed: boolean;
  /** Unnamed volumes of the other replicas at the same path. */
  readonly others: readonly string[];
}

/** All that a release has on disk: its mounts, and the volumes that the engine made for its replicas. */
export function heldBy(
  { mounts }: Pick<Release, "mounts">,
  found: readonly FoundVolume[],
): readonly Held[] {
  const known = mounts.map((mount) => ({
    mount,
    isUnnamed: mount.carried === true && isUnnamed(mount.source),
    others: [],
  }));
  const paths = new Set(found.map(({ target }) => target));
  for (const { target } of mounts) paths.delete(target);
  const unnamed = [...paths].map((path) => {
    const [first = "", ...others] = found
      .filter(({ target }) => target === path)
      .toSorted((a, b) => a.replica - b.replica)
      .map(({ name }) => name);
    return { mount: carriedMount(path, first), isUnnamed: true, others };
  });
  return [...known, ...unnamed];
}

/** The mounts by which a release that is stopped remembers the volumes that its first replica had. */
export const mountsToRemember = (held: readonly Held[]): readonly Mount[] =>
  held.filter(({ isUnnamed: is }) => is).map(({ mount }) => mount);

const carriedMount = (target: string, source: string): Mount => ({
  type: "volume",
  source,
  target,
  readOnly: false,
  carried: true,
});

/** Docker names such volumes with 64 digits; the name of one of ours begins with its service. */
const isUnnamed = (name: string): boolean => /^[0-9a-f]{64}$/.test(name);

export interface DataQuestion {
  /** As planned out of its spec: one mount for each volume, in the same order. */
  readonly release: Release;
  /** Paths of VOLUME in its image. */
  readonly declared: readonly string[];
  readonly held: readonly Held[];
  /** Volumes that are there by name. */
  readonly existing: ReadonlySet<string>;
  /** True where the settings ran here before, so that nobody can be asked to write a line first. */
  readonly isRepeat: boolean;
  /** True when another release runs until this one has taken over. */
  readonly hasPredecessor: boolean;
}

export interface DataAnswer {
  readonly mounts: readonly Mount[];
  /** Named volumes of the spec that from now on are these volumes. */
  readonly adopted: readonly { readonly name: string; readonly mount: Mount }[];
  readonly carried: readonly Mount[];
  /** Unnamed data that the release leaves where it is. */
  readonly left: readonly { readonly target: string; readonly volume: string }[];
  /** Paths that keep the release from being started; empty where all is well. */
  readonly uncovered: readonly string[];
}

/**
 * Decides what a release mounts, so that no data is lost that its service has now.
 * A new named volume becomes the unnamed one at its path; a release that repeats earlier settings goes on with the data of the one before.
 */
export function decideData(question: DataQuestion): DataAnswer {
  const { release, declared, held, existing, isRepeat, hasPredecessor } = question;
  const { spec } = release;
  const at = (path: string) => held.find(({ mount }) => mount.target === path);
  const adopted: { name: string; mount: Mount }[] = [];
  const named = release.mounts.map((mount, index) => {
    const volume = spec.volumes[index];
    const before = at(mount.target);
    const isNew = volume?.kind === "named" && !existing.has(mount.source);
    if (!isNew || before?.isUnnamed !== true) return mount;
    const taken = { ...mount, source: before.mount.source };
    adopted.push({ name: volume.source, mount: taken });
    return taken;
  });
  const isAlone = replicaCount(spec.scale) === 1 && (!hasPredecessor || stopsOldFirst(spec));
  const carried: Mount[] = [];
  const uncovered = uncoveredPaths(declared, coversOf(spec.volumes)).filter((path) => {
    const before = at(path);
    // A folder of the server is checked with the line that names it.
    if (!isRepeat || before === undefined || before.mount.type === "bind") return true;
    // Two programs at once in files that each had for itself would damage them.
    if (before.isUnnamed && (!isAlone || before.others.length > 0)) return true;
    carried.push({ ...before.mount, carried: true });
    return false;
  });
  const mounts = [...named, ...carried];
  const used = new Set(mounts.map(({ source }) => source));
  const left = held
    .filter((one) => one.isUnnamed)
    .flatMap(({ mount: { source, target }, others }) =>
      [source, ...others].map((volume) => ({ target, volume })),
    )
    .filter(({ volume }) => !used.has(volume));
  return { mounts, adopted, carried, left, uncovered };
}
