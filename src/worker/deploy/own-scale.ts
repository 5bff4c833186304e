import type { ServiceSpec } from "../../core/release/spec.ts";
import type { OwnScale } from "../../core/stored/own-scale.ts";
import { writeScale } from "../../core/release/written.ts";
import { liveRelease } from "../../adapters/state/releases.ts";
import { stageScale } from "../../adapters/state/job-changes.ts";
import { ownScale } from "../../adapters/state/services.ts";
import type { State } from "../../adapters/state/state.ts";
import { scaleOf } from "./renewal.ts";

/** The scale that a command has set while the Dockerfile says what it says; undefined where the Dockerfile decides. */
export function standingScale(state: State, written: ServiceSpec): OwnScale | undefined {
  const own = ownScale(state, written.service);
  return own?.written === writeScale(written.scale) ? own : undefined;
}

/** What a Dockerfile says, but for a scale that a command has set since it says so. */
export function scaledByCommand(state: State, written: ServiceSpec): ServiceSpec {
  const own = standingScale(state, written);
  return own === undefined ? written : { ...written, scale: scaleOf(written.scale, own.replicas) };
}

/** Lets go, once this push is live, of a scale that was set while the Dockerfile said another one. */
export function forgetOutdatedScale(state: State, job: number, written: ServiceSpec): void {
  const isOutdated = standingScale(state, written) === undefined;
  if (isOutdated && ownScale(state, written.service) !== undefined)
    stageScale(state, job, undefined);
}

/** The scale that the Dockerfile of what runs says, whatever commands have made of it. */
export function writtenScale(state: State, service: string): string {
  const own = ownScale(state, service);
  if (own !== undefined) return own.written;
  const live = liveRelease(state, service);
  return live === undefined ? "" : writeScale(live.release.spec.scale);
}
