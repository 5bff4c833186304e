import { jsonFields, type Fields } from "../actions/fields.ts";
import { UserError } from "../errors.ts";
import { wrongPlatform } from "../image/refusals.ts";
import type { WantedBlob } from "../wire/protocol.ts";
import { plainText } from "../terminal-text.ts";
import { sha256Of } from "./paths.ts";

/** What a manifest says, in Docker's and in OCI's form. */
export type Manifest = ImageManifest | IndexManifest;

export interface ImageManifest {
  readonly kind: "image";
  readonly mediaType: string;
  readonly config: Descriptor;
  /** From the first layer up. */
  readonly layers: readonly Descriptor[];
}

export interface IndexManifest {
  readonly kind: "index";
  readonly mediaType: string;
  readonly manifests: readonly (Descriptor & { readonly platform: string })[];
}

export interface Descriptor extends WantedBlob {
  readonly mediaType: string;
  /** True for a part that is to be fetched from elsewhere, and is never pushed. */
  readonly isElsewhere?: true;
}

export const maxManifestBytes = 4 * 1024 * 1024;

const types = {
  image: "application/vnd.oci.image.manifest.v1+json",
  index: "application/vnd.oci.image.index.v1+json",
} as const;

/** Configs of programs that an engine can run; all others are of signatures, build caches, charts. */
const imageConfigs = [
  "application/vnd.docker.container.image.v1+json",
  "application/vnd.oci.image.config.v1+json",
];

/** Reads a manifest; throws UserError "bad-manifest". */
export function readManifest(bytes: Uint8Array): Manifest {
  const fields = jsonFields(new TextDecoder().decode(bytes));
  if (fields === undefined) throw bad("not JSON");
  if (fields["schemaVersion"] !== 2)
    throw bad("schemaVersion: only 2 is taken", "use a newer docker");
  const { mediaType: said, manifests } = fields;
  const mediaType = typeof said === "string" ? said : types[manifests ? "index" : "image"];
  if (manifests === undefined) {
    const config = descriptor(fields["config"], "config");
    return { kind: "image", mediaType, config, layers: listOf(fields["layers"], "layers") };
  }
  if (!Array.isArray(manifests)) throw bad("manifests: should be a list");
  const listed = (manifests as readonly unknown[]).map((one) => ({
    ...descriptor(one, "manifests"),
    platform: platformOf((one as Fields)["platform"]),
  }));
  return { kind: "index", mediaType, manifests: listed };
}

/** The manifest of an index for a platform such as `linux/amd64`; throws UserError "wrong-platform". */
export function pickPlatform({ manifests }: IndexManifest, server: string, image: string) {
  const found = manifests.find(({ platform }) => platform === server);
  if (found !== undefined) return found;
  const there = manifests.map(({ platform }) => platform).filter((one) => !one.includes("unknown"));
  const only = there.length === 0 ? "no platform" : plainText([...new Set(there)].join(", "));
  throw wrongPlatform(only, server, image);
}

/** Throws UserError "no-image" for a manifest of something that no engine runs, or of which a part is not here. */
export function refuseOtherArtifact({ config, layers }: ImageManifest, image: string): void {
  const elsewhere = layers.find(({ isElsewhere }) => isElsewhere);
  if (elsewhere !== undefined)
    throw new UserError(
      `image ${image}: its layer sha256:${elsewhere.sha256} is to be fetched elsewhere`,
      {
        code: "no-image",
        hint: "push an image whose layers are all in it",
      },
    );
  if (imageConfigs.includes(config.mediaType)) return;
  throw new UserError(
    `image ${image}: is no image of a program but ${plainText(config.mediaType).slice(0, 100)}`,
    { code: "no-image", hint: "push the image itself, with a tag" },
  );
}

function listOf(value: unknown, name: string): readonly Descriptor[] {
  if (!Array.isArray(value)) throw bad(`${name}: should be a list`);
  return value.map((one: unknown) => descriptor(one, name));
}

function descriptor(value: unknown, name: string): Descriptor {
  const { mediaType, digest, size, urls } = (value ?? {}) as Fields;
  const sha256 = typeof digest === "string" ? sha256Of(digest) : undefined;
  if (sha256 === undefined) throw bad(`${name}: a digest should be sha256 in hex`);
  if (typeof size !== "number" || !Number.isSafeInteger(size) || size < 0)
    throw bad(`${name}: a size should be a whole number`);
  const isElsewhere = Array.isArray(urls) && urls.length > 0;
  const type = typeof mediaType === "string" ? mediaType : "";
  return { mediaType: type, sha256, size, ...(isElsewhere && { isElsewhere }) };
}

function platformOf(value: unknown): string {
  const { os, architecture } = (value ?? {}) as Fields;
  return `${typeof os === "string" ? os : "unknown"}/${typeof architecture === "string" ? architecture : "unknown"}`;
}

const bad = (what: string, hint?: string): UserError =>
  new UserError(`manifest: ${what}`, { code: "bad-manifest", hint });
