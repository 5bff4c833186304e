import { commitForm } from "../../core/name-forms.ts";
import { mkdtemp, open, readFile, writeFile } from "node:fs/promises";
import { rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import { takeTar } from "../../adapters/archive/take-tar.ts";
import {
  isArchive,
  savedFile,
  saveImage,
  type SavedImage,
} from "../../adapters/laptop/saved-image.ts";
import { sourceIn, type SourceFile } from "../../adapters/laptop/source-file.ts";
import type { BuilderFacts } from "../../core/dockerfile/syntax.ts";
import type { PushFrom, PushOptions } from "../../core/actions/push.ts";
import { formatLayers } from "../../core/format.ts";
import { hintFields } from "../../core/hints.ts";
import { chooseImage, imagesOf, type ArchivedImage } from "../../core/image/archive.ts";
import { readImageConfig } from "../../core/image/image-config.ts";
import { imagePush, type ImagePush } from "../../core/image/push.ts";
import { isZstd, refusePlatform, refuseZstd } from "../../core/image/refusals.ts";
import { nameOfImage } from "../../core/image/settings.ts";
import type { WantedBlob } from "../../core/wire/protocol.ts";
import type { CommandIo } from "../command.ts";
import { sayReading, type OpenedPush } from "./push-context.ts";

/** An image that is to be pushed, as it was typed. */
export interface ImageSource {
  /** Its name, the path of an archive, or `-` for one on stdin. */
  readonly image: string;
  /** The service, where no label says it. */
  readonly service: string | undefined;
  readonly options: PushOptions;
  /** Undefined where Docker does not answer on the server. */
  readonly server: BuilderFacts | undefined;
}

/** All parts of an image together. */
const maxBytes = 16 * 1024 ** 3;

/** Saves an image, takes it apart and checks it; refuses what this server cannot run before anything travels. The caller closes its tree. */
export async function openImage(source: ImageSource, io: CommandIo): Promise<OpenedPush> {
  const folder = await mkdtemp(join(tmpdir(), "mypaas-image-"));
  const close = () => rmSync(folder, { recursive: true, force: true });
  try {
    return await openIn(folder, close, source, io);
  } catch (error) {
    close();
    throw error;
  }
}

async function openIn(
  folder: string,
  close: () => void,
  source: ImageSource,
  io: CommandIo,
): Promise<OpenedPush> {
  const { image, server, options } = source;
  const { cwd } = io.world;
  const found = await takeApart(folder, source, io);
  const config = readImageConfig(found.config, image);
  if (server?.platform !== undefined) refusePlatform(config, server.platform, image);
  for (const { sha256 } of server === undefined ? [] : found.layers)
    if (isZstd(await beginOf(join(folder, sha256)))) refuseZstd(server?.engine ?? "", image);
  const made = imagePush({ ...partsOf(source, found), image });
  for (const { text, hint } of made.warnings)
    io.say({ kind: "warning", text, ...hintFields(hint) });
  sayFound(found.layers, made, io);
  for (const { blob, bytes } of made.small) await writeFile(join(folder, blob.sha256), bytes);
  const files = new Map<string, SourceFile>();
  for (const entry of made.push.entries)
    if ("sha256" in entry) files.set(entry.sha256, await sourceIn(folder, entry));
  const { entries, dockerfile } = made.push;
  const tree = { entries, folders: [], dockerfile, files, notes: [], close };
  return {
    spec: made.spec,
    first: { tree, push: { ...made.push, options } },
    place: { dockerfile: join(cwd, `image ${made.spec.service}`), context: cwd },
    from: fromOf(config.labels),
    texts: { dockerfile: Buffer.from(made.dockerfile), config: found.config },
  };
}

/** The archive of an image, its files in the folder under their sha256; memory does not grow with it. */
async function takeApart(
  folder: string,
  { image, server }: ImageSource,
  io: CommandIo,
): Promise<ArchivedImage> {
  const { interrupted: signal } = io.world;
  io.say({ kind: "step", text: `reading image ${image} …` });
  const saved = await savedImage(image, io);
  const onRead = sayReading(`image ${image}`, io);
  const limits = { name: `image ${image}`, bytes: maxBytes, signal, onRead };
  const { entries } = await takeTar(saved.stream, folder, limits).catch(async (error: unknown) => {
    // An archive that is cut off has a reason.
    await saved.ended;
    throw error;
  });
  await saved.ended;
  const read = async ({ sha256 }: WantedBlob) => readFile(join(folder, sha256));
  return chooseImage(await imagesOf({ name: image, entries, read }), server?.platform, image);
}

async function beginOf(path: string): Promise<Uint8Array> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(4), 0, 4, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

async function savedImage(image: string, { world }: CommandIo): Promise<SavedImage> {
  const path = resolve(world.cwd, image);
  if (image === "-")
    return { stream: world.stdin as AsyncIterable<Uint8Array>, ended: Promise.resolve() };
  if (await isArchive(path)) return savedFile(path);
  return saveImage({ image, env: world.env, signal: world.interrupted });
}

function partsOf({ image, service }: ImageSource, { config, layers, tags }: ArchivedImage) {
  const file = basename(image).replace(/(?:\.tar)?(?:\.gz)?$|\.tgz$/, "");
  const name = service ?? nameOfImage(tags[0] ?? file);
  return { config, layers, name, isGiven: service !== undefined };
}

/** The commit, where the image says it as OCI's image-spec does. */
function fromOf(labels: Readonly<Record<string, string>>): PushFrom {
  const commit = labels["org.opencontainers.image.revision"];
  const isCommit = commit !== undefined && commitForm.test(commit);
  return { kind: "image", ...(isCommit && { commit }) };
}

function sayFound(layers: readonly WantedBlob[], { spec }: ImagePush, { say }: CommandIo): void {
  const found = `found ${formatLayers(layers)}, for service ${spec.service}`;
  say({ kind: "step", text: found });
}
