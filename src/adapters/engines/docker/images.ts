import type { Images } from "../../../deploy/ports.ts";
import { bounded, tolerating, type InstanceEngine } from "./client.ts";
import { inspectImage } from "./facts.ts";

/** Images of one instance; it sees others, and removes none of them. */
export function createImages({ docker, instance, socketPath }: InstanceEngine): Images {
  return {
    inspectImage: bounded(socketPath, (reference) => inspectImage(docker, reference)),
    removeImage: bounded(socketPath, async (reference) => {
      if (!reference.startsWith(`${instance}/`))
        throw new Error(`image ${reference}: not of instance "${instance}"`);
      // 409: a container still uses it, so it stays until that is gone.
      await tolerating([404, 409], docker.getImage(reference).remove());
    }),
  };
}
