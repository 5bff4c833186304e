import { posix } from "node:path";
import type { ManifestEntry } from "../actions/push.ts";
import type { WantedBlob } from "../wire/protocol.ts";
import { badImage, fieldsOf, parseJson, readImageConfig, textsOf } from "./image-config.ts";

/** One image of an archive. */
export interface ArchivedImage {
  readonly config: Uint8Array;
  /** From the first layer up. */
  readonly layers: readonly WantedBlob[];
  /** Names that the archive gives it. */
  readonly tags: readonly string[];
  readonly platform: string;
}

/** An archive that was taken apart. */
export interface Archive {
  /** What messages call it. */
  readonly name: string;
  readonly entries: readonly ManifestEntry[];
  /** Bytes of a small file. */
  readonly read: (blob: WantedBlob) => Promise<Uint8Array>;
}

/** The images of an archive: docker-archive, as docker and podman save it, or an OCI layout. Throws UserError "bad-image" where it is neither. */
export async function imagesOf(archive: Archive): Promise<readonly ArchivedImage[]> {
  const { name } = archive;
  const manifest = fileAt(archive, "manifest.json");
  const index = fileAt(archive, "index.json");
  if (manifest !== undefined) return dockerImages(archive, await readJson(archive, manifest));
  if (index !== undefined) return ociImages(archive, await readJson(archive, index), []);
  throw badImage(name, "no archive of an image: neither manifest.json nor index.json is in it");
}

/** The image for one platform; throws UserError "bad-image" where it cannot be told. With no platform the only one. */
export function chooseImage(
  images: readonly ArchivedImage[],
  platform: string | undefined,
  name: string,
): ArchivedImage {
  const [first] = images;
  if (first === undefined) throw badImage(name, "no image is in it");
  const fitting = images.filter((one) => one.platform === platform);
  const [chosen] = fitting;
  if (fitting.length === 1 && chosen !== undefined) return chosen;
  if (images.length === 1 || fitting.length === 0) return first;
  const tags = fitting.flatMap((one) => one.tags).join(", ");
  throw badImage(
    name,
    `${fitting.length} images are in it${tags === "" ? "" : `: ${tags}`}`,
    "save one of them alone: docker save -o FILE NAME",
  );
}

async function dockerImages(
  archive: Archive,
  manifest: unknown,
): Promise<readonly ArchivedImage[]> {
  const listed = Array.isArray(manifest) ? manifest.map(fieldsOf) : [];
  const images: ArchivedImage[] = [];
  for (const { Config: config, Layers: layers, RepoTags: tags } of listed) {
    const files = textsOf(layers).map((path) => partAt(archive, path));
    images.push(await imageOf(archive, partAt(archive, String(config)), files, textsOf(tags)));
  }
  return images;
}

async function ociImages(
  archive: Archive,
  index: unknown,
  tags: readonly string[],
): Promise<readonly ArchivedImage[]> {
  const images: ArchivedImage[] = [];
  for (const one of list(fieldsOf(index)["manifests"]).map(fieldsOf)) {
    const named = fieldsOf(one["annotations"])["io.containerd.image.name"];
    const names = typeof named === "string" ? [named] : tags;
    const document = fieldsOf(await readJson(archive, blobAt(archive, one["digest"])));
    if ("manifests" in document) images.push(...(await ociImages(archive, document, names)));
    // Attestations of a build are manifests without a platform.
    else if (fieldsOf(one["platform"])["os"] !== "unknown")
      images.push(
        await imageOf(
          archive,
          blobAt(archive, fieldsOf(document["config"])["digest"]),
          list(document["layers"]).map((layer) => blobAt(archive, fieldsOf(layer)["digest"])),
          names,
        ),
      );
  }
  return images;
}

async function imageOf(
  { name, read }: Archive,
  config: WantedBlob,
  layers: readonly WantedBlob[],
  tags: readonly string[],
): Promise<ArchivedImage> {
  const bytes = await read(config);
  return { config: bytes, layers, tags, platform: readImageConfig(bytes, name).platform };
}

const blobAt = (archive: Archive, digest: unknown): WantedBlob =>
  partAt(archive, `blobs/${String(digest).replace(":", "/")}`);

function partAt(archive: Archive, path: string): WantedBlob {
  const file = fileAt(archive, path);
  if (file !== undefined) return file;
  throw badImage(archive.name, `a part is missing: ${JSON.stringify(path.slice(0, 200))}`);
}

/** Docker writes a layer that an image has twice as a link. */
function fileAt({ entries }: Archive, path: string): WantedBlob | undefined {
  const entry = entries.find((one) => one.path === path);
  if (entry === undefined) return undefined;
  if (!("link" in entry)) return { sha256: entry.sha256, size: entry.size };
  const target = posix.normalize(posix.join(posix.dirname(path), entry.link));
  const file = entries.find((one) => one.path === target);
  return file === undefined || "link" in file
    ? undefined
    : { sha256: file.sha256, size: file.size };
}

const readJson = async ({ name, read }: Archive, blob: WantedBlob): Promise<unknown> =>
  parseJson(await read(blob), name);

const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
