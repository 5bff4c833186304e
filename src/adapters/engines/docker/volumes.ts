import type Docker from "dockerode";
import { UserError } from "../../../core/errors.ts";
import { label } from "../../../core/release/names.ts";
import type { AnonymousVolume, Volumes } from "../../../deploy/ports.ts";
import { bounded, tolerating, type InstanceEngine } from "./client.ts";
import { fillVolume } from "./look.ts";
import { keepsVolumes, type OwnedContainers } from "./owned.ts";

/** Volumes of the services of one instance. */
export function createVolumes(own: InstanceEngine, containers: OwnedContainers): Volumes {
  const { docker, instance, socketPath } = own;
  const inspect = (name: string) => tolerating([404], docker.getVolume(name).inspect());
  return {
    hasVolume: bounded(socketPath, async (name) => (await inspect(name)) !== undefined),
    ensureVolume: bounded(socketPath, async (name, service, made) => {
      const known = await inspect(name);
      if (known === undefined) {
        const Labels = { [label.instance]: instance, [label.service]: service };
        await docker.createVolume({ Name: name, Labels });
        if (made === undefined) return;
        try {
          await fillVolume(own, made.image, { name, ...made });
        } catch (error) {
          // The next try must make it anew: a volume that exists is not given to anybody.
          await tolerating([404, 409], docker.getVolume(name).remove());
          throw error;
        }
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
    anonymousVolumes: bounded(socketPath, async (service) =>
      (await containers.list("service", service)).filter(keepsVolumes).flatMap(anonymousOf),
    ),
    removeVolume: bounded(socketPath, async (name) => {
      await tolerating([404], docker.getVolume(name).remove());
    }),
  };
}

/** The volumes of a container that nobody has named. */
export function anonymousOf(info: Docker.ContainerInspectInfo): readonly AnonymousVolume[] {
  const { Config, HostConfig, Mounts } = info;
  const named = new Set(
    (HostConfig.Mounts ?? []).filter(({ Source }) => Source).map(({ Source }) => Source),
  );
  return (Mounts ?? []).flatMap(({ Type, Name, Destination }) =>
    Type !== "volume" || Name === undefined || named.has(Name)
      ? []
      : [
          {
            service: Config.Labels[label.service] ?? "",
            release: Number(Config.Labels[label.release]),
            replica: Number(Config.Labels[label.replica]),
            // Docker keeps a relative path of VOLUME as it is, and mounts it below the root.
            target: Destination.startsWith("/") ? Destination : `/${Destination}`,
            name: Name,
          },
        ],
  );
}
