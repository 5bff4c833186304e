import { label } from "../../../core/release/names.ts";
import { answering, openDocker, type InstanceEngine } from "./client.ts";

interface NudgeOptions extends Omit<InstanceEngine, "docker"> {
  /** Traefik's own image, which is there whenever a nudge is needed. */
  readonly image: string;
}

/** Starts a container that ends at once. Its event makes Traefik read all containers again. */
export const nudgeTraefik = (options: NudgeOptions): Promise<void> => answering(nudge(options));

async function nudge({ socketPath, instance, image }: NudgeOptions): Promise<void> {
  const container = await openDocker(socketPath).createContainer({
    Image: image,
    Cmd: ["version"],
    Labels: { [label.instance]: instance, [label.role]: "nudge" },
    HostConfig: {
      AutoRemove: true,
      NetworkMode: "none",
      ReadonlyRootfs: true,
      CapDrop: ["ALL"],
      SecurityOpt: ["no-new-privileges"],
    },
  });
  try {
    await container.start();
  } catch (error) {
    // AutoRemove is for what has run.
    await container.remove({ force: true }).catch(() => undefined);
    throw error;
  }
}
