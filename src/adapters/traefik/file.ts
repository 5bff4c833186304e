import { open, rename } from "node:fs/promises";
import { dirname } from "node:path";
import { syncDirectory, type FileMode } from "../files.ts";

/** * Writes Traefik's dynamic file atomically and durably; for one writer at a time. `next` must be on the same file system, outside the watched directory. Traefik reads everything again at each event there, and then waits 100 ms. */
export async function writeDynamicFile(
  yaml: string,
  file: { readonly path: string; readonly next: string; readonly access: FileMode },
): Promise<void> {
  const { path, next, access } = file;
  const handle = await open(next, "w", 0o600);
  try {
    await handle.writeFile(yaml);
    if (access.owner !== undefined) await handle.chown(access.owner.uid, access.owner.gid);
    await handle.chmod(access.mode);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(next, path);
  await syncDirectory(dirname(path));
}
