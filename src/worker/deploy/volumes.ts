import type { InstanceConfig } from "../../core/server/instance.ts";
import { volumeName } from "../../core/release/names.ts";
import type { ServiceSpec } from "../../core/release/spec.ts";
import type { ImageFacts } from "../../deploy/ports.ts";
import {
  makeHomeVolume,
  resolveHomeVolume,
  type HomeVolume,
} from "../../adapters/host/home-volumes.ts";
import type { DeployContext } from "./deploy-context.ts";
import { realPath } from "../../adapters/files.ts";
import { refuseHostPath } from "./volume-checks.ts";

/** Finds the folders of `~/…` volumes, and refuses host paths whose links lead out of the allowed folders. */
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

/** Makes the volumes of a release; folders belong to the user of its image. */
export async function provideVolumes(context: DeployContext, facts: ImageFacts): Promise<void> {
  const { spec, config, tools, job } = context;
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
