import { posix } from "node:path";
import type Docker from "dockerode";
import { extract } from "tar-stream";
import { tolerating } from "./client.ts";

const headBytes = 4096;

/** The first bytes of a program inside a container, running or not, found as its init process finds it; undefined when there is none. */
export async function programHead(
  container: Docker.Container,
  config: Docker.ContainerInspectInfo["Config"],
  program: string,
): Promise<Buffer | undefined> {
  for (const path of programPaths(program, config)) {
    const archive = await tolerating([400, 404], container.getArchive({ path }));
    if (archive !== undefined) return firstBytes(archive);
  }
  return undefined;
}

function programPaths(
  program: string,
  { WorkingDir, Env }: Docker.ContainerInspectInfo["Config"],
): readonly string[] {
  if (program.includes("/")) return [posix.resolve("/", WorkingDir ?? "", program)];
  const path = Env?.find((one) => one.startsWith("PATH="))?.slice("PATH=".length) ?? "";
  return path.split(":").map((folder) => posix.resolve("/", folder, program));
}

/** Empty for a link or a folder. */
async function firstBytes(archive: NodeJS.ReadableStream): Promise<Buffer> {
  const tar = extract();
  archive.once("error", (error) => tar.destroy(error)).pipe(tar);
  let head = Buffer.alloc(0);
  try {
    for await (const entry of tar) {
      for await (const chunk of entry as AsyncIterable<Buffer>) {
        head = Buffer.concat([head, chunk]);
        if (head.length >= headBytes) break;
      }
      break;
    }
  } finally {
    // The rest of a large program is not worth its transfer.
    (archive as NodeJS.ReadableStream & { destroy: () => void }).destroy();
  }
  return head.subarray(0, headBytes);
}
