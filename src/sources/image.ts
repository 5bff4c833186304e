import { formatLayers } from "../core/format.ts";
import type { ManifestImage } from "../core/actions/push.ts";
import type { ImagePart } from "../deploy/ports.ts";
import { fileOf, pushSource, type Open, type Push } from "./push.ts";
import type { BuildSource, LoadSource } from "./source.ts";

/** What a push sends: files out of which an image is built, or an image in parts. */
export const sentSource = (push: Push, open: Open): BuildSource | LoadSource => {
  const { image } = push.push;
  return image === undefined ? pushSource(push, open) : imageSource(push, image, open);
};

/** The parts of an image that was sent. */
function imageSource(push: Push, { config, layers }: ManifestImage, open: Open): LoadSource {
  const { id, dockerfile, admission } = pushSource(push, open);
  const part = (path: string) => partOf(push, path, open);
  const parts = { config: part(config), layers: layers.map(part) };
  return {
    kind: "image",
    id,
    dockerfile,
    admission,
    parts,
    describe: () => formatLayers(parts.layers),
  };
}

function partOf({ push }: Push, path: string, open: Open): ImagePart {
  const entry = fileOf(push, path);
  // A request without it was never accepted.
  if (entry === undefined) throw new Error("an image without one of its parts");
  const { sha256, size } = entry;
  return { sha256, size, open: () => open({ sha256, size }) };
}
