import { createHash } from "node:crypto";
import { open, stat } from "node:fs/promises";
import { basename } from "node:path";
import { elfInterpreter } from "../../core/server/elf.ts";
import { UserError } from "../../core/errors.ts";
import { receiverPaths, type NodeFiles } from "../../core/server/receiver-container.ts";
import type { World } from "../../core/world.ts";

/** Finds the running Node, its libraries and its loader for the receiver's container. Throws UserError when other users may not read one. */
export async function nodeFiles(
  world: Pick<World, "execPath" | "sharedObjects">,
): Promise<NodeFiles> {
  const program = world.execPath;
  const loader = elfInterpreter(await firstBytes(program));
  const libraries = world.sharedObjects().filter((path) => path !== program && path !== loader);
  // Paths as the loader names them, links included: an update of libstdc++ changes only a link's target.
  const files = [
    { source: program, target: receiverPaths.node },
    ...libraries.toSorted().map((source) => ({
      source,
      target: `${receiverPaths.libraries}/${basename(source)}`,
    })),
    // The kernel looks for the loader at the path that the program names.
    ...(loader === undefined ? [] : [{ source: loader, target: loader }]),
  ];
  const unique = [...new Map(files.map((file) => [file.target, file])).values()];
  const facts = await Promise.all(unique.map(({ source }) => factsOf(source)));
  const stamp = createHash("sha256").update(JSON.stringify(facts)).digest("hex").slice(0, 16);
  return { files: unique, stamp };
}

/** A new size or time means an update. */
async function factsOf(path: string): Promise<readonly [string, number, number]> {
  const { mode, size, mtimeMs } = await stat(path);
  if ((mode & 0o004) !== 0) return [path, size, mtimeMs];
  throw new UserError(`${path}: not readable for other users, such as the receiver's`, {
    hint: `make it readable: chmod go+rx ${path}`,
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
