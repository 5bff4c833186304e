import type { ServiceSpec } from "../../core/release/spec.ts";
import { writeScale } from "../../core/release/format-spec.ts";
import { liveRelease } from "../../adapters/state/releases.ts";
import { keepScaleChange } from "../../adapters/state/job-changes.ts";
import { scaleOverride, type ScaleOverride } from "../../adapters/state/services.ts";
import type { State } from "../../adapters/state/state.ts";
import { scaleOf } from "./from-existing.ts";

/** The scale that a command set since the Dockerfile has its present scale; undefined where the Dockerfile decides. */
export function standingScale(state: State, written: ServiceSpec): ScaleOverride | undefined {
  const own = scaleOverride(state, written.service);
  return own?.written === writeScale(written.scale) ? own : undefined;
}

/** The settings of a Dockerfile, with the scale that a command set since. */
export function scaledByCommand(state: State, written: ServiceSpec): ServiceSpec {
  const own = standingScale(state, written);
  return own === undefined ? written : { ...written, scale: scaleOf(written.scale, own.replicas) };
}

/** Drops, once this push is live, a scale that was set while the Dockerfile had another one. */
export function forgetOutdatedScale(state: State, job: number, written: ServiceSpec): void {
  const isOutdated = standingScale(state, written) === undefined;
  if (isOutdated && scaleOverride(state, written.service) !== undefined)
    keepScaleChange(state, job, undefined);
}

/** The scale in the Dockerfile of the live release, without the changes of commands. */
export function writtenScale(state: State, service: string): string {
  const own = scaleOverride(state, service);
  if (own !== undefined) return own.written;
  const live = liveRelease(state, service);
  return live === undefined ? "" : writeScale(live.release.spec.scale);
}
