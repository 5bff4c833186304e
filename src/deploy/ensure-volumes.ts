import type { Release } from "../core/release/release.ts";
import type { Engine } from "./ports.ts";

/** Makes the named volumes of a release that are not there yet. */
export async function ensureVolumes(
  engine: Pick<Engine, "ensureVolume">,
  { mounts, spec }: Release,
): Promise<void> {
  for (const { type, source } of mounts)
    // oxlint-disable-next-line no-await-in-loop
    if (type === "volume") await engine.ensureVolume(source, spec.service);
}
