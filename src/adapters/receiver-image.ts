import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { open, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { pack } from "tar-stream";
import { elfInterpreter } from "../core/elf.ts";
import { receiverUid } from "../core/instance.ts";
import type { World } from "../core/world.ts";

/** An image ready to be built: `tar` is a build context with its Dockerfile at the root. */
export interface ReceiverImage {
  readonly dockerfile: string;
  readonly files: readonly ImageFile[];
  /** sha256 over everything in it: the same hash, the same image; `init` puts it into the tag. */
  readonly hash: string;
  readonly tar: () => AsyncIterable<Uint8Array>;
}

/** A file at an absolute path of the image, copied from the host or made of bytes. */
export type ImageFile =
  | { readonly path: string; readonly from: string }
  | { readonly path: string; readonly bytes: Buffer };

/** No memory is ever both written and run, as there is no JIT (hashes and signatures are native code anyway), and a small heap at rest. */
const nodeFlags = [
  "--jitless",
  "--lite-mode",
  "--max-semi-space-size=1",
  "--max-old-space-size=96",
];

/** Plans the receiver's image out of the running Node: its binary, its libraries and loader at their own paths, and one file of ours. */
export async function receiverImage(
  world: Pick<World, "execPath" | "sharedObjects">,
  bundle: Buffer,
): Promise<ReceiverImage> {
  const files = await imageFiles(world, bundle);
  const dockerfile = dockerfileOf(files);
  const hash = await hashOf(files, dockerfile);
  return { dockerfile, files, hash, tar: () => contextOf(files, dockerfile) };
}

async function imageFiles(
  world: Pick<World, "execPath" | "sharedObjects">,
  bundle: Buffer,
): Promise<readonly ImageFile[]> {
  const loader = elfInterpreter(await firstBytes(world.execPath));
  const libraries = [...world.sharedObjects(), ...(loader === undefined ? [] : [loader])];
  const unique = [...new Set(libraries)].filter((path) => path !== world.execPath).toSorted();
  return [
    { path: "/node", from: world.execPath },
    ...unique.map((path) => ({ path, from: path })),
    { path: "/receiver.mjs", bytes: bundle },
  ];
}

/** Pure: the text of the Dockerfile for these files. */
export function dockerfileOf(files: readonly ImageFile[]): string {
  const libraries = files.filter((file) => "from" in file && file.path !== "/node");
  const folders = [...new Set(libraries.map((file) => dirname(file.path)))];
  const entrypoint = JSON.stringify(["/node", ...nodeFlags, "/receiver.mjs"]);
  return [
    "FROM scratch",
    "COPY root/ /",
    // There is no ld.so.cache in the image that would know where libraries are.
    ...(folders.length === 0 ? [] : [`ENV LD_LIBRARY_PATH=${folders.join(":")}`]),
    "ENV NODE_ENV=production",
    `USER ${receiverUid}:${receiverUid}`,
    `ENTRYPOINT ${entrypoint}`,
    "",
  ].join("\n");
}

async function firstBytes(file: string): Promise<Buffer> {
  const handle = await open(file);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(64 * 1024), 0, 64 * 1024, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}

async function hashOf(files: readonly ImageFile[], dockerfile: string): Promise<string> {
  const whole = createHash("sha256").update(dockerfile);
  for (const file of files) {
    const own = createHash("sha256");
    for await (const chunk of contentOf(file)) own.update(chunk);
    whole.update(`\n${file.path} ${own.digest("hex")}`);
  }
  return whole.digest("hex");
}

async function* contentOf(file: ImageFile): AsyncGenerator<Uint8Array> {
  if ("bytes" in file) return yield file.bytes;
  for await (const chunk of createReadStream(file.from, { highWaterMark: 1024 * 1024 }))
    yield chunk as Buffer;
}

function contextOf(files: readonly ImageFile[], dockerfile: string): AsyncIterable<Uint8Array> {
  const tar = pack();
  const fill = async () => {
    tar.entry({ name: "Dockerfile" }, dockerfile);
    for (const file of files) {
      const size = "bytes" in file ? file.bytes.length : (await stat(file.from)).size;
      const entry = tar.entry({ name: `root${file.path}`, size, mode: 0o755, mtime: new Date(0) });
      await pipeline(Readable.from(contentOf(file)), entry as unknown as NodeJS.WritableStream);
    }
    tar.finalize();
  };
  fill().catch((error: unknown) => tar.destroy(error instanceof Error ? error : undefined));
  return tar as unknown as AsyncIterable<Uint8Array>;
}
