import { createHash } from "node:crypto";
import type { ManifestEntry, PushManifest } from "../actions/push.ts";
import { byPath } from "../push/manifest.ts";
import type { WantedBlob } from "../wire/protocol.ts";
import { readImageConfig } from "./image-config.ts";
import { refuseLayerCount } from "./refusals.ts";
import { imageSettings, type ImageSettings } from "./settings.ts";

/** An image in parts: config and layers as blobs. */
export interface ImageParts {
  /** Its name in messages. */
  readonly image: string;
  readonly config: Uint8Array;
  /** From the first layer up, each as it was packed: a tar, with or without compression. */
  readonly layers: readonly WantedBlob[];
  /** The service where no label names it. */
  readonly name: string | undefined;
  readonly isGiven: boolean;
}

/** What a push of an image sends. */
export interface ImagePush extends ImageSettings {
  readonly push: Omit<PushManifest, "options">;
  /** The blobs that are no layers. */
  readonly small: readonly { readonly blob: WantedBlob; readonly bytes: Uint8Array }[];
}

/** Makes a push out of an image: its layers travel as files, so that only those travel which the server does not have. Throws UserError with all that is wrong in its labels. */
export function imagePush(parts: ImageParts): ImagePush {
  const { image, config: bytes, layers } = parts;
  const config = readImageConfig(bytes, image);
  refuseLayerCount(config, layers.length, image);
  const settings = imageSettings(config, { ...parts, id: digest(bytes) });
  const text = Buffer.from(settings.dockerfile);
  const files = [
    { path: "Dockerfile", bytes: text },
    { path: "config.json", bytes },
  ].map((file) => ({ ...file, blob: { sha256: digest(file.bytes), size: file.bytes.length } }));
  const unique = new Map(layers.map((layer) => [layer.sha256, layer]));
  const entries = [
    ...files.map(({ path, blob }) => entry(path, blob)),
    ...[...unique.values()].map((layer) => entry(layerPath(layer), layer)),
  ].toSorted(byPath);
  return {
    ...settings,
    push: {
      dockerfile: "Dockerfile",
      entries,
      image: { config: "config.json", layers: layers.map(layerPath) },
    },
    small: files.map(({ blob, bytes: content }) => ({ blob, bytes: content })),
  };
}

const entry = (path: string, { sha256, size }: WantedBlob): ManifestEntry => ({
  path,
  mode: 0o644,
  size,
  sha256,
});

const layerPath = ({ sha256 }: WantedBlob): string => `layers/${sha256}`;

const digest = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
