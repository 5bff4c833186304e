import { label } from "../../../core/release/names.ts";
import { answering, openDocker } from "./client.ts";

export interface NudgeOptions {
  readonly socketPath: string;
  readonly instance: string;
  /** Traefik's own image, which is there whenever a nudge is needed. */
  readonly image: string;
}

/** Starts a container that ends at once. Its event makes Traefik read all containers again. */
export function nudgeTraefik(options: NudgeOptions): Promise<void> {
  return answering(nudge(options));
}

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
