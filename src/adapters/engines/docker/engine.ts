import type { Engine } from "../../../deploy/ports.ts";
import { bounded, openDocker } from "./client.ts";
import { createContainers, type Containers } from "./containers.ts";
import { createImages } from "./images.ts";
import { createReplicaInspector } from "./inspect-replicas.ts";
import { removeOneOffs } from "./owned.ts";
import { probe } from "./probe.ts";
import { createReleases } from "./releases.ts";
import { createServiceNames } from "./service-names.ts";
import { createVolumes } from "./volumes.ts";

export interface EngineOptions {
  readonly instance: string;
  readonly socketPath: string;
  /** Awaited before a container is removed, and its log with it. */
  readonly beforeRemoval?: (container: string) => Promise<void>;
}

/** One Docker Engine as an engine of releases: only containers, images and volumes of one instance, every call repeatable. */
export function createEngine({ instance, socketPath, beforeRemoval }: EngineOptions): Engine {
  const own = { docker: openDocker(socketPath), instance, socketPath };
  const all = createContainers(own);
  const containers: Containers = {
    ...all,
    remove: async (id) => {
      await beforeRemoval?.(id);
      await all.remove(id);
    },
  };
  return {
    ...createReleases(containers),
    ...createReplicaInspector(containers, instance),
    ...createServiceNames(containers),
    ...createImages(own),
    ...createVolumes(own),
    probe,
    removeOneOffs: bounded(socketPath, (service) => removeOneOffs(own, service)),
  };
}
