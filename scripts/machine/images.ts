import { createReadStream } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { pipeline } from "node:stream/promises";
import { pack } from "tar-stream";
import { createInfra } from "../../src/adapters/engines/docker/infra.ts";
import { elfInterpreter } from "../../src/core/server/elf.ts";
import { realWorld } from "../../bin/world.ts";
import { dockerSocket } from "./docker.ts";
import { ensureTraefikBinary, traefikVersion } from "./traefik.ts";

const infra = createInfra({ instance: "mypaas-dev", socketPath: dockerSocket });
export const nodeImage = "mypaas-dev/node:24";
export const traefikImage = `mypaas-dev/traefik:${traefikVersion}`;

/** A small image with the running Node and nothing else, for services where no registry can be reached. */
export async function ensureNodeImage(): Promise<string> {
  const { execPath, sharedObjects } = realWorld(process);
  const loader = elfInterpreter(await readFile(execPath));
  const libraries = [...sharedObjects(), ...(loader === undefined ? [] : [loader])];
  const folders = [...new Set(libraries.map((path) => dirname(path)))];
  const dockerfile = [
    "FROM scratch",
    "COPY root/ /",
    `ENV LD_LIBRARY_PATH=${folders.join(":")} PATH=/usr/local/bin`,
    "",
  ];
  const files = new Map(libraries.map((path) => [`root${path}`, path]));
  files.set("root/usr/local/bin/node", execPath);
  return ensureImage(nodeImage, dockerfile.join("\n"), files);
}

/** Traefik FROM scratch, for suites that need it without `mypaas init`. */
export async function ensureTraefikImage(): Promise<string> {
  const files = new Map([["traefik", await ensureTraefikBinary()]]);
  return ensureImage(
    traefikImage,
    'FROM scratch\nCOPY traefik /traefik\nENTRYPOINT ["/traefik"]\n',
    files,
  );
}

async function ensureImage(
  tag: string,
  dockerfile: string,
  files: ReadonlyMap<string, string>,
): Promise<string> {
  if ((await infra.inspectImage(tag)) !== undefined) return tag;
  console.log(`making the image ${tag} …`);
  const tar = pack();
  const fill = async () => {
    tar.entry({ name: "Dockerfile" }, dockerfile);
    for (const [name, from] of files) {
      const { size } = await stat(from);
      const entry = tar.entry({ name, size, mode: 0o755 });
      await pipeline(createReadStream(from), entry as unknown as NodeJS.WritableStream);
    }
    tar.finalize();
  };
  fill().catch((error: unknown) => tar.destroy(error instanceof Error ? error : undefined));
  await infra.buildImage({
    tag,
    tar: tar as unknown as AsyncIterable<Uint8Array>,
    labels: {},
    id: `${process.pid}-${Date.now()}`,
    onLine: () => undefined,
    signal: AbortSignal.timeout(300_000),
  });
  return tag;
}
