import type { Release } from "../../core/release/release.ts";
import { replicaCount } from "../../core/release/spec.ts";
import type { Engine, ImageFacts } from "../../deploy/ports.ts";
import { runsTheSame } from "./release-plan.ts";

/** True where what is wanted of the image of the live release runs already, with all its replicas: a deploy would change nothing. */
export async function runsAlready(
  engine: Pick<Engine, "inspectImage" | "replicas">,
  live: Release,
  wanted: (facts: ImageFacts) => Release,
): Promise<boolean> {
  const facts = await engine.inspectImage(live.image);
  if (facts === undefined || !runsTheSame(live, wanted(facts))) return false;
  const running = (await engine.replicas(live.spec.service)).filter(
    ({ release, state }) => release === live.number && state === "running",
  );
  return running.length === replicaCount(live.spec.scale);
}
