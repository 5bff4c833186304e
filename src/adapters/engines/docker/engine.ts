import { UserError } from "../../../core/errors.ts";
import { label } from "../../../core/release/names.ts";
import type { Engine, Images, Volumes } from "../../../deploy/ports.ts";
import { bounded, openDocker, tolerating, type InstanceEngine } from "./client.ts";
import { createContainers, type Containers } from "./containers.ts";
import { inspectImage } from "./facts.ts";
import { createReplicaInspector } from "./inspect-replicas.ts";
import { removeOneOffs } from "./owned.ts";
import { probe } from "./probe.ts";
import { createReleases } from "./releases.ts";
import { createServiceNames } from "./service-names.ts";

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
    ...createVolumes(own),
    probe,
    removeOneOffs: bounded(
      socketPath,
      (service: string) => removeOneOffs(own, service),
      () => maxStopMs,
    ),
  };
}

/** Images of one instance; it sees others, and removes none of them. */
const createImages = ({ docker, instance, socketPath }: InstanceEngine): Images => ({
  inspectImage: bounded(socketPath, (reference) => inspectImage(docker, reference)),
  removeImage: bounded(socketPath, async (reference) => {
    if (!reference.startsWith(`${instance}/`))
      throw new Error(`image ${reference}: not of instance "${instance}"`);
    // 409: a container still uses it, so it stays until that is gone.
    await tolerating([404, 409], docker.getImage(reference).remove());
  }),
});

/** Named volumes of the services of one instance. */
const createVolumes = ({ docker, instance, socketPath }: InstanceEngine): Volumes => ({
  ensureVolume: bounded(socketPath, async (name, service) => {
    const known = await tolerating([404], docker.getVolume(name).inspect());
    if (known === undefined) {
      const Labels = { [label.instance]: instance, [label.service]: service };
      await docker.createVolume({ Name: name, Labels });
      return;
    }
    // A volume without labels was put there by the operator, for example out of a backup.
    const owner = known.Labels?.[label.service] ?? service;
    const of = known.Labels?.[label.instance] ?? instance;
    if (owner === service && of === instance) return;
    throw new UserError(`volume "${name}": belongs to service "${owner}" of instance "${of}"`, {
      code: "volume-taken",
      hint: "choose another name in mypaas.volume",
    });
  }),
  listVolumes: bounded(socketPath, async (service) => {
    const filter = [`${label.instance}=${instance}`, `${label.service}=${service}`];
    const listed = await docker.listVolumes({ filters: JSON.stringify({ label: filter }) });
    return (listed.Volumes ?? []).map(({ Name }) => Name).toSorted();
  }),
  removeVolume: bounded(socketPath, async (name) => {
    await tolerating([404], docker.getVolume(name).remove());
  }),
});
