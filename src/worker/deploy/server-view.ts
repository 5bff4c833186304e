import type { ServiceSpec } from "../../core/release/spec.ts";
import { claimingReleases } from "../../adapters/state/releases.ts";
import { slugOwner } from "../../adapters/state/services.ts";
import { hasWildcards, manualNames } from "../certificates/server-facts.ts";
import type { JobParts } from "../jobs/job-run.ts";
import { admit, type ServerView } from "./admit.ts";
import type { DesiredRelease } from "./desired-release.ts";

type ViewParts = Pick<JobParts, "state" | "config">;

/** The spec of a desired release as this server takes it now; throws UserError with the first thing that it refuses about it. */
export const admitHere = (parts: ViewParts, desired: DesiredRelease): ServiceSpec =>
  admit(desired.spec, readView(parts, desired));

/** Reads all that the admission of a release depends on. */
function readView(
  { state, config }: ViewParts,
  { spec, env, source: { admission } }: DesiredRelease,
): ServerView {
  const claiming = claimingReleases(state);
  const underWay = claiming.filter(({ state: is }) => is !== "live" && is !== "stopped");
  return {
    config,
    live: claiming.map(({ release }) => release),
    underWay: underWay.map(({ release }) => release.spec.service),
    slugOwner: slugOwner(state, spec.slug),
    certificates: admission.needsCertificates
      ? { wildcards: hasWildcards(config), own: manualNames(state) }
      : { wildcards: true },
    env,
    takeFrom: admission.takeFrom,
  };
}
