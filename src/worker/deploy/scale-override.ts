import { writeScale, type ServiceSpec } from "../../core/release/spec.ts";
import type { StoredRelease } from "../../adapters/state/releases.ts";
import type { ScaleOverride } from "../../core/stored/records.ts";
import { scaleOf } from "./from-existing.ts";

export interface DecidedScale {
  /** The settings of the Dockerfile, with the scale that counts. */
  readonly spec: ServiceSpec;
  /** The scale that a command set; undefined where the Dockerfile decides. */
  readonly override: ScaleOverride | undefined;
  /** True for a scale of a command that counts no more, because the Dockerfile has another one since. */
  readonly isOutdated: boolean;
}

/** Decides between the scale of a Dockerfile and the one that a command set. */
export function decideScale(
  written: ServiceSpec,
  override: ScaleOverride | undefined,
): DecidedScale {
  if (override === undefined) return { spec: written, override, isOutdated: false };
  if (override.written !== writeScale(written.scale))
    return { spec: written, override: undefined, isOutdated: true };
  const scale = scaleOf(written.scale, override.replicas);
  return { spec: { ...written, scale }, override, isOutdated: false };
}

/** The scale in the Dockerfile of the live release, without the changes of commands. */
export function writtenScale(
  override: ScaleOverride | undefined,
  live: StoredRelease | undefined,
): string {
  if (override !== undefined) return override.written;
  return live === undefined ? "" : writeScale(live.release.spec.scale);
}
