import type { InstanceConfig } from "../../core/server/instance.ts";
import { volumeName } from "../../core/release/names.ts";
import type { ServiceSpec } from "../../core/release/spec.ts";
import type { ImageFacts } from "../../deploy/ports.ts";
import {
  makeHomeVolume,
  resolveHomeVolume,
  type HomeVolume,
} from "../../adapters/host/home-volumes.ts";
import { realPath } from "../../adapters/files.ts";
import type { Run } from "./deploy-context.ts";
import { refuseHostPath } from "./volume-checks.ts";

/** Where `~/…` volumes are; host paths that lead out of what is allowed are refused here, because it takes a look at the disk. */
export async function resolveHomes(
  spec: ServiceSpec,
  config: InstanceConfig,
): Promise<ReadonlyMap<string, string>> {
  const homes = new Map<string, string>();
  const allow = await Promise.all(config.volumes.allow.map((folder) => realPath(folder)));
  for (const { kind, source } of spec.volumes) {
    if (kind === "home") homes.set(source, await resolveHomeVolume(homeVolume(source, config)));
    if (kind === "absolute") refuseHostPath(source, await realPath(source), allow);
  }
  return homes;
}

/** Makes what the image needs before its first container; folders belong to its user. */
export async function provideVolumes(run: Run, facts: ImageFacts): Promise<void> {
  const { spec, config, tools, job } = run;
  for (const { kind, source } of spec.volumes) {
    if (kind === "named") {
      const name = volumeName(config.instance, spec.slug, source);
      await tools.engine.ensureVolume(name, job.service);
    } else if (kind === "home") {
      await makeHomeVolume(homeVolume(source, config), facts.user);
    }
  }
}

function homeVolume(source: string, config: InstanceConfig): HomeVolume {
  const { owner, stateDir, runDir } = config;
  return { home: owner.home, source, forbidden: [stateDir, runDir] };
}
