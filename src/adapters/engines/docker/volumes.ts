import { UserError } from "../../../core/errors.ts";
import { label } from "../../../core/release/names.ts";
import type { Volumes } from "../../../deploy/ports.ts";
import { bounded, tolerating, type InstanceEngine } from "./client.ts";

/** Named volumes of the services of one instance. */
export function createVolumes({ docker, instance, socketPath }: InstanceEngine): Volumes {
  return {
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
  };
}
