import type { Release } from "../../core/release/release.ts";
import { totalReplicas } from "../../core/release/processes.ts";
import { asksForBuild } from "../../sources/source.ts";
import type { Engine, ImageFacts } from "../../deploy/ports.ts";
import type { StoredRelease } from "../../adapters/state/releases.ts";
import type { DesiredRelease } from "./desired-release.ts";
import { runsTheSame } from "./release-plan.ts";

export interface Wanted {
  readonly live: StoredRelease | undefined;
  readonly desired: DesiredRelease;
  /** The release as it would be with the image of the live one. */
  readonly withImage: (live: Release, facts: ImageFacts) => Release;
}

/** Finds out whether the desired release runs already, with all its replicas: a deploy would change nothing. */
export async function runsAlready(
  engine: Pick<Engine, "inspectImage" | "replicas">,
  { live: stored, desired, withImage }: Wanted,
): Promise<boolean> {
  if (stored === undefined || !mayRunAlready(stored, desired)) return false;
  const live = stored.release;
  const facts = await engine.inspectImage(live.image);
  if (facts === undefined || !runsTheSame(live, withImage(live, facts))) return false;
  const running = (await engine.replicas(live.spec.service)).filter(
    ({ release, state }) => release === live.number && state === "running",
  );
  return running.length === totalReplicas(live.spec);
}

/** False where a release is to be made whatever runs. */
export const mayRunAlready = (
  { content }: Pick<StoredRelease, "content">,
  { source, isForced }: Pick<DesiredRelease, "source" | "isForced">,
): boolean => content === source.id && !asksForBuild(source) && isForced !== true;
