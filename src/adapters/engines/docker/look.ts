import { buffer, text } from "node:stream/consumers";
import { posix } from "node:path";
import type Docker from "dockerode";
import { extract, pack, type Header } from "tar-stream";
import { label, networkName } from "../../../core/release/names.ts";
import { plainUser, resolveUser, type Owner } from "../../../core/release/image-user.ts";
import { statusOf, tolerating, type InstanceEngine } from "./client.ts";
import { inspectAny, isOwned, removeForGood } from "./owned.ts";

interface Looked {
  /** `<instance>/<slug>:…`. */
  readonly image: string;
  readonly volume?: { readonly name: string; readonly target: string };
}

/** The user that the programs of an image run as; undefined where the image does not know the name. */
export async function imageUser(
  engine: InstanceEngine,
  image: string,
  user: string,
): Promise<Owner | undefined> {
  const plain = plainUser(user);
  if (plain !== undefined) return plain;
  return withContainer(engine, { image }, async (container) =>
    resolveUser(user, {
      passwd: await readFile(container, "/etc/passwd"),
      group: await readFile(container, "/etc/group"),
    }),
  );
}

/** Puts into a new volume what the image has at the target, as Docker does at the first mount; what is empty and root's after that belongs to `owner`. */
export async function fillVolume(
  engine: InstanceEngine,
  image: string,
  { owner, ...volume }: { readonly name: string; readonly target: string; readonly owner: Owner },
): Promise<void> {
  const { target: path } = volume;
  await withContainer(engine, { image, volume }, async (container) => {
    const [folder, ...content] = await firstEntries(container, path, 2);
    if (folder?.uid !== 0 || content.length > 0) return;
    const tar = pack();
    // From the folder above: the engine leaves the folder itself out of what it unpacks there.
    tar.entry({ ...folder, ...owner, name: `${posix.basename(path)}/`, type: "directory" });
    tar.finalize();
    await container.putArchive(await buffer(tar), { path: posix.dirname(path) });
  });
}

/** Works with a container of the image that is never started, and leaves nothing of it. */
async function withContainer<T>(
  { docker, instance }: InstanceEngine,
  { image, volume }: Looked,
  work: (container: Docker.Container) => Promise<T>,
): Promise<T> {
  const slug = image.slice(image.indexOf("/") + 1).replace(/:.*$/, "");
  // One name for each service: what a crash leaves is replaced by the next one.
  const name = `${networkName(instance)}-${slug}-look`;
  const options = {
    name,
    Image: image,
    Cmd: ["/mypaas-never-starts-it"],
    Labels: { [label.instance]: instance, [label.role]: "look", "traefik.enable": "false" },
    HostConfig: {
      NetworkMode: "none",
      Mounts:
        volume === undefined
          ? []
          : [{ Type: "volume" as const, Source: volume.name, Target: volume.target }],
    },
  };
  const create = () => docker.createContainer(options);
  const container = await create().catch(async (error: unknown) => {
    const holder = statusOf(error) === 409 ? await inspectAny(docker, name) : undefined;
    if (holder === undefined || !isOwned(holder, instance)) throw error;
    await removeForGood(docker.getContainer(holder.Id));
    return create();
  });
  try {
    return await work(container);
  } finally {
    await removeForGood(container);
  }
}

const maxFileBytes = 4 * 1024 * 1024;
const maxLinks = 8;

/** The text of a file in the container, links followed; empty where there is none. */
async function readFile(container: Docker.Container, path: string): Promise<string> {
  for (let links = 0, at = path; links < maxLinks; links += 1) {
    const archive = await tolerating([400, 404], container.getArchive({ path: at }));
    if (archive === undefined) return "";
    const [header, content] = await firstFile(archive);
    if (header?.type === "file") return content;
    if (header?.type !== "symlink" || !header.linkname) return "";
    at = posix.resolve(posix.dirname(at), header.linkname);
  }
  return "";
}

async function firstFile(archive: NodeJS.ReadableStream) {
  const tar = archiveReader(archive);
  try {
    for await (const entry of tar) {
      const { header } = entry;
      const isRead = header.type === "file" && (header.size ?? 0) <= maxFileBytes;
      return [header, isRead ? await text(entry as AsyncIterable<Buffer>) : ""] as const;
    }
    return [undefined, ""] as const;
  } finally {
    stop(archive);
  }
}

/** The first entries of the archive of a folder, itself first. */
async function firstEntries(
  container: Docker.Container,
  path: string,
  count: number,
): Promise<readonly Header[]> {
  const archive = await container.getArchive({ path });
  const headers: Header[] = [];
  try {
    for await (const entry of archiveReader(archive)) {
      headers.push(entry.header);
      if (headers.length === count) break;
      entry.resume();
    }
    return headers;
  } finally {
    stop(archive);
  }
}

function archiveReader(archive: NodeJS.ReadableStream) {
  const tar = extract();
  archive.once("error", (error) => tar.destroy(error)).pipe(tar);
  return tar;
}

/** The rest may be large. */
const stop = (archive: NodeJS.ReadableStream): void =>
  (archive as NodeJS.ReadableStream & { destroy: () => void }).destroy();
