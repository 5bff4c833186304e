import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { resolve } from "node:path";
import type { ContainerProgram } from "../../adapters/host/receiver-image.ts";
import type { Infra } from "../../adapters/engines/docker/infra.ts";
import { UserError } from "../../core/errors.ts";
import { label } from "../../core/release/names.ts";
import type { CommandIo } from "../command.ts";
import { unreadable } from "./refused.ts";
import type { Report } from "./report.ts";

interface ImageTools {
  readonly infra: Infra;
  readonly io: CommandIo;
  readonly report: Report;
  readonly instance: string;
}

/** Builds the image of the receiver or the relay around its one file unless that very image is there; returns its reference. */
export async function ensureProgramImage(
  tools: ImageTools,
  program: ContainerProgram,
): Promise<string> {
  const { world } = tools.io;
  const { receiverBundle, receiverImage } = await import("../../adapters/host/receiver-image.ts");
  const image = receiverImage(await receiverBundle(world.packageRoot, program), program);
  const tag = `${tools.instance}/${program}:${image.hash.slice(0, 16)}`;
  return ensureBuilt(tools, { what: `${program} image`, tag }, image.tar);
}

const traefikDockerfile = 'FROM scratch\nCOPY traefik /traefik\nENTRYPOINT ["/traefik"]\n';

/** Makes an image FROM scratch around an official Traefik binary; returns its reference, which follows the bytes. */
export async function ensureTraefikBinary(tools: ImageTools, file: string): Promise<string> {
  const path = resolve(tools.io.world.cwd, file);
  const { size, hash } = await readBinary(path, file);
  const { pack } = await import("tar-stream");
  const { pipeline } = await import("node:stream/promises");
  const tar = () => {
    const context = pack();
    const fill = async () => {
      context.entry({ name: "Dockerfile" }, traefikDockerfile);
      const entry = context.entry({ name: "traefik", size, mode: 0o755, mtime: new Date(0) });
      await pipeline(createReadStream(path), entry as unknown as NodeJS.WritableStream);
      context.finalize();
    };
    fill().catch((error: unknown) => context.destroy(error instanceof Error ? error : undefined));
    return context as unknown as AsyncIterable<Uint8Array>;
  };
  const tag = `${tools.instance}/traefik:${hash.slice(0, 16)}`;
  return ensureBuilt(tools, { what: "Traefik image", tag }, tar);
}

/** Pulls an image unless it is there. */
export const ensurePulled = (tools: ImageTools, tag: string): Promise<string> =>
  ensure(tools, { what: "Traefik image", tag, doing: "pulling" }, () =>
    tools.infra.pullImage(tag, (text) => tools.report.note(text)),
  );

interface Image {
  readonly what: string;
  readonly tag: string;
}

async function ensureBuilt(
  tools: ImageTools,
  image: Image,
  tar: () => AsyncIterable<Uint8Array>,
): Promise<string> {
  const { infra, io, instance } = tools;
  const { tag } = image;
  const labels = { [label.instance]: instance };
  const id = io.world.random(16).toString("hex");
  const more = { id, onLine: () => undefined, signal: io.world.interrupted };
  return ensure(tools, { ...image, doing: "building" }, () =>
    infra.buildImage({ tag, tar: tar(), labels, ...more }),
  );
}

/** Returns the tag. */
async function ensure(
  { infra, report }: ImageTools,
  { what, tag, doing }: Image & { readonly doing: string },
  make: () => Promise<unknown>,
): Promise<string> {
  const isThere = (await infra.inspectImage(tag)) !== undefined;
  if (!isThere) {
    report.note(`${doing} ${tag} …`);
    await make();
  }
  report.done(`${what} ${tag}`, isThere ? "already there" : "created");
  return tag;
}

async function readBinary(path: string, name: string) {
  const hash = createHash("sha256");
  let size = 0;
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: 1024 * 1024 })) {
      const head = (chunk as Buffer).subarray(0, 4).toString("latin1");
      if (size === 0 && head !== "\u007fELF") throw notTraefik(name);
      hash.update(chunk as Buffer);
      size += (chunk as Buffer).length;
    }
    if (size === 0) throw notTraefik(name);
  } catch (error) {
    const hint = "give the path of the program traefik, unpacked";
    throw unreadable(`--traefik-binary ${name}`, error, hint);
  }
  return { size, hash: hash.digest("hex") };
}

const notTraefik = (name: string): UserError =>
  new UserError(`--traefik-binary ${name}: is not a Linux program`, {
    hint: "give the program itself, unpacked from its archive",
  });
