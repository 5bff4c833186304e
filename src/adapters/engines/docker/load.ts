import { buffer } from "node:stream/consumers";
import type Docker from "dockerode";
import { UserError } from "../../../core/errors.ts";
import { badImage, readImageConfig, type ImageConfig } from "../../../core/image/image-config.ts";
import { refuseLayerCount, refusePlatform } from "../../../core/image/refusals.ts";
import type { ContextEntry, ImageFacts, ImagePart, SentImage } from "../../../deploy/ports.ts";
import { packContext } from "./build-context.ts";
import { tolerating } from "./client.ts";
import { imageFacts } from "./facts.ts";
import { checkLayer } from "./layer-id.ts";
import { progressOf } from "./messages.ts";

/** Streams an image into the engine, and checks that the image there is the one that was sent; nothing of it stays otherwise. */
export async function loadImage(docker: Docker, image: SentImage): Promise<ImageFacts> {
  const { reference, config, layers, signal } = image;
  signal.throwIfAborted();
  const read = readImageConfig(await buffer(config.open()), reference);
  const { Version, Os, Arch } = await docker.version();
  refusePlatform(read, `${Os}/${Arch}`, reference);
  refuseLayerCount(read, layers.length, reference);
  const named = { image: reference, engine: Version, signal };
  for (const [at, layer] of layers.entries())
    await checkLayer(layer, read.diffIds[at] ?? "", named);
  await stream(docker, image);
  const info = await docker.getImage(reference).inspect();
  if (isSent(info, config.sha256, read)) return imageFacts(info);
  await tolerating([404, 409], docker.getImage(reference).remove());
  throw badImage(reference, "Docker made another image out of its parts");
}

/**
 * The parts as a docker-archive (moby/docker-image-spec). It is written here and names only our own reference, so no archive of others can
 * take the name of an image away.
 */
export function imageArchive({
  reference,
  config,
  layers,
}: Pick<SentImage, "reference" | "config" | "layers">): readonly ContextEntry[] {
  const layerPath = ({ sha256 }: ImagePart) => `${sha256}/layer.tar`;
  const configPath = `${config.sha256}.json`;
  const names = { Config: configPath, RepoTags: [reference], Layers: layers.map(layerPath) };
  const manifest = Buffer.from(JSON.stringify([names]));
  const file = (path: string, { size, open }: Omit<ImagePart, "sha256">): ContextEntry => ({
    path,
    mode: 0o644,
    size,
    open,
  });
  const unique = new Map(layers.map((layer) => [layer.sha256, layer]));
  return [
    file("manifest.json", { size: manifest.length, open: () => once(manifest) }),
    file(configPath, config),
    ...[...unique.values()].map((layer) => file(layerPath(layer), layer)),
  ];
}

async function stream(docker: Docker, image: SentImage): Promise<void> {
  const { signal } = image;
  const archive = packContext(imageArchive(image), Date.now());
  signal.addEventListener("abort", archive.stop, { once: true });
  try {
    const options = { quiet: true, abortSignal: signal };
    const answer = docker.loadImage(archive.stream, options);
    const { error } = await progressOf(answer, () => undefined);
    signal.throwIfAborted();
    if (archive.failure() !== undefined) throw archive.failure();
    if (error !== undefined) throw loadError(image.reference, error);
  } catch (error) {
    signal.throwIfAborted();
    throw archive.failure() ?? error;
  } finally {
    signal.removeEventListener("abort", archive.stop);
    archive.stop();
  }
}

function loadError(reference: string, message: string): UserError {
  if (/no space left on device/.test(message))
    return new UserError(`image ${reference}: no space left on the server's disk`, {
      code: "disk-full",
      hint: "see what Docker uses on the server: docker system df",
      details: [message],
    });
  return badImage(reference, `Docker does not take it: ${message}`);
}

/** An engine with the store of containerd names an image by its manifest, not by its config; then its layers tell. */
function isSent(info: Docker.ImageInspectInfo, config: string, { diffIds }: ImageConfig): boolean {
  if (info.Id === `sha256:${config}`) return true;
  const there = info.RootFS.Layers ?? [];
  return there.length === diffIds.length && there.every((one, at) => one === diffIds[at]);
}

async function* once(bytes: Uint8Array) {
  yield bytes;
}
