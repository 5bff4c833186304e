import type { Release } from "../core/release/release.ts";
import type { ImageSource } from "./source.ts";

/** A release that was made here, with its image. */
interface MadeRelease {
  readonly release: Pick<Release, "number" | "image">;
  readonly imageId: string;
  readonly content: string;
}

/** The image of an earlier release. */
export const repeatSource = ({ release, imageId, content }: MadeRelease): ImageSource => ({
  kind: "repeat",
  id: content,
  image: { reference: release.image, id: imageId },
  admission: { needsCertificates: false },
  describe: () => `the image of release ${release.number}`,
});
