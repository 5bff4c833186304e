import { slugOf } from "../../../core/dockerfile/service-names.ts";
import { label } from "../../../core/release/names.ts";
import type { Engine, Images } from "../../../deploy/ports.ts";
import { bounded, openDocker, reaching, tolerating, type InstanceEngine } from "./client.ts";
import { createContainers, type Containers } from "./containers.ts";
import { inspectImage } from "./facts.ts";
import { createReplicaInspector } from "./inspect-replicas.ts";
import { loadImage } from "./load.ts";
import { imageUser } from "./look.ts";
import { ownedContainers, removeOneOffs } from "./owned.ts";
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

/** The longest that `stop-timeout` may be. */
const maxStopMs = 600_000;

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
    ...createVolumes(own, ownedContainers(own.docker, instance)),
    probe,
    removeOneOffs: bounded(
      socketPath,
      (service: string) => removeOneOffs(own, service),
      () => maxStopMs,
    ),
  };
}

/** Images of one instance; it sees others, and removes none of them. */
const createImages = (own: InstanceEngine): Images => ({
  inspectImage: bounded(own.socketPath, (reference) => inspectImage(own.docker, reference)),
  imageUser: bounded(own.socketPath, (reference, user) => imageUser(own, reference, user)),
  // As long as it takes: gigabytes are written.
  load: reaching(own.socketPath, async (image) => {
    refuseForeign(own, image.reference);
    return loadImage(own.docker, image);
  }),
  builtImages: bounded(own.socketPath, async (service) => {
    const filters = { label: [`${label.instance}=${own.instance}`, `${label.service}=${service}`] };
    const images = await own.docker.listImages({ filters });
    const tags = images.flatMap(({ RepoTags }) => RepoTags ?? []);
    // An image that was built for one service may be pushed to another, whose tag it has as well.
    return tags.filter((tag) => tag.startsWith(`${own.instance}/${slugOf(service)}:`));
  }),
  removeImage: bounded(own.socketPath, async (reference) => {
    refuseForeign(own, reference);
    // 409: a container still uses it, so it stays until that is gone.
    await tolerating([404, 409], own.docker.getImage(reference).remove());
  }),
});

function refuseForeign({ instance }: InstanceEngine, reference: string): void {
  if (!reference.startsWith(`${instance}/`))
    throw new Error(`image ${reference}: not of instance "${instance}"`);
}
