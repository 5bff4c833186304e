import { posix } from "node:path";
import type { VolumeSpec } from "./spec.ts";

/** A path of VOLUME as Docker mounts it: absolute, without a slash at its end. */
export const volumePath = (written: string): string =>
  posix.normalize(`/${written}`).replace(/(?<=.)\/$/, "");

type Cover = Pick<VolumeSpec, "target"> & { readonly isThrownAway: boolean };

/**
 * The declared paths that no volume covers, sorted: Docker makes a volume without a name for each, in each container.
 * A volume at a path above does not help, because Docker mounts its own one inside; one whose data is thrown away does.
 */
export function uncoveredPaths(
  declared: readonly string[],
  covers: readonly Cover[],
): readonly string[] {
  const isCovered = (path: string) =>
    covers.some(
      ({ target, isThrownAway }) =>
        path === target || (isThrownAway && path.startsWith(`${target}/`)),
    );
  // Docker refuses a VOLUME / itself.
  const paths = new Set(declared.map(volumePath).filter((path) => path !== "/"));
  return [...paths].filter((path) => !isCovered(path)).toSorted();
}

/** The covers that the comments of a Dockerfile name. */
export const coversOf = (volumes: readonly VolumeSpec[]): readonly Cover[] =>
  volumes.map(({ kind, target }) => ({ target, isThrownAway: kind === "none" }));

/** The two lines that can be written for a path. */
export interface VolumeLines {
  readonly path: string;
  readonly keep: string;
  readonly throwAway: string;
}

/** Both ways out for each path, with names that are not taken yet. */
export function volumeLines(
  paths: readonly string[],
  volumes: readonly Pick<VolumeSpec, "kind" | "source">[],
): readonly VolumeLines[] {
  const taken = new Set(volumes.filter(({ kind }) => kind === "named").map((one) => one.source));
  return paths.map((path) => {
    const last = posix.basename(path).replaceAll(/[^A-Za-z0-9_.-]/g, "-");
    const wanted = paths.length === 1 || !/^[A-Za-z0-9]/.test(last) ? "data" : last.slice(0, 50);
    const name = freeName(wanted === "none" ? "data" : wanted, taken);
    taken.add(name);
    return {
      path,
      keep: `# mypaas.volume = ${name}:${path}`,
      throwAway: `# mypaas.volume = none:${path}`,
    };
  });
}

function freeName(wanted: string, taken: ReadonlySet<string>): string {
  for (let count = 1; ; count += 1) {
    const name = count === 1 ? wanted : `${wanted}-${count}`;
    if (!taken.has(name)) return name;
  }
}

/** The hint that names both ways out for one path. */
export const waysOut = ({ keep, throwAway }: VolumeLines): string =>
  `to keep its data, write: ${keep} — to throw it away with each container: ${throwAway}`;
