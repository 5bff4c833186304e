import type { ServiceSpec } from "../../core/release/spec.ts";
import { writeScale } from "../../core/release/written.ts";
import { liveRelease } from "../../adapters/state/releases.ts";
import { stageScale } from "../../adapters/state/job-changes.ts";
import { ownScale } from "../../adapters/state/services.ts";
import type { State } from "../../adapters/state/state.ts";
import { scaleOf } from "./renewal.ts";

/** What a Dockerfile says, but for a scale that a command has set since it says so. */
export function scaledByCommand(state: State, spec: ServiceSpec): ServiceSpec {
  const own = ownScale(state, spec.service);
  if (own === undefined || own.written !== writeScale(spec.scale)) return spec;
  return { ...spec, scale: scaleOf(spec.scale, own.replicas) };
}

/** Lets go, once this push is live, of a scale that was set while the Dockerfile said another one. */
export function forgetOutdatedScale(state: State, job: number, spec: ServiceSpec): void {
  const own = ownScale(state, spec.service);
  if (own !== undefined && own.written !== writeScale(spec.scale))
    stageScale(state, job, undefined);
}

/** The scale that the Dockerfile of what runs says, whatever commands have made of it. */
export function writtenScale(state: State, service: string): string {
  const own = ownScale(state, service);
  if (own !== undefined) return own.written;
  const live = liveRelease(state, service);
  return live === undefined ? "" : writeScale(live.release.spec.scale);
}
