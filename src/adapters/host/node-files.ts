import { createHash } from "node:crypto";
import { open, stat } from "node:fs/promises";
import { basename } from "node:path";
import { elfInterpreter } from "../../core/server/elf.ts";
import { UserError } from "../../core/errors.ts";
import { receiverPaths, type NodeFiles } from "../../core/server/receiver-container.ts";
import type { World } from "../../core/world.ts";

/** Finds the running Node with its libraries and loader for the receiver's container; UserError when other users may not run it. */
export async function nodeFiles(
  world: Pick<World, "execPath" | "sharedObjects">,
): Promise<NodeFiles> {
  const program = world.execPath;
  const loader = elfInterpreter(await firstBytes(program));
  const libraries = world.sharedObjects().filter((path) => path !== program && path !== loader);
  // Kept as the loader names them, links and all: an update of libstdc++ changes only what a link leads to.
  const files = [
    { source: program, target: receiverPaths.node },
    ...libraries.toSorted().map((source) => ({
      source,
      target: `${receiverPaths.libraries}/${basename(source)}`,
    })),
    // The kernel looks for it where the program says.
    ...(loader === undefined ? [] : [{ source: loader, target: loader }]),
  ];
  const unique = [...new Map(files.map((file) => [file.target, file])).values()];
  const facts = await Promise.all(unique.map(({ source }) => factsOf(source)));
  const stamp = createHash("sha256").update(JSON.stringify(facts)).digest("hex").slice(0, 16);
  return { files: unique, stamp };
}

/** Another size or time means: updated. */
async function factsOf(path: string): Promise<readonly [string, number, number]> {
  const { mode, size, mtimeMs } = await stat(path);
  if ((mode & 0o004) !== 0) return [path, size, mtimeMs];
  throw new UserError(`${path}: not readable for other users, and the receiver runs as one`, {
    hint: `let others use it: chmod go+rx ${path}`,
  });
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
