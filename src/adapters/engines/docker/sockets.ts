import { readFile } from "node:fs/promises";
import { parseSockets, type KernelSocket } from "../../../core/server/proc-net.ts";
import { codeOf } from "../../files.ts";
import { isEngineAway } from "../../../deploy/retry-while-down.ts";

/** Reads the sockets in the network of a container from the kernel; `pidOf` gives its process on this host, 0 while it does not run. */
export function socketReader(
  pidOf: (container: string) => Promise<number>,
  proc = "/proc",
): (container: string) => Promise<readonly KernelSocket[]> {
  const known = new Map<string, number>();
  return async (container) => {
    try {
      known.set(container, await pidOf(container));
    } catch (error) {
      // Containers run on without Docker, and the kernel can still be asked about one that was seen before.
      if (!isEngineAway(error) || !known.has(container)) throw error;
    }
    return socketsOf(known.get(container) ?? 0, proc);
  };
}

/** None when the process is gone. */
async function socketsOf(pid: number, proc: string): Promise<readonly KernelSocket[]> {
  if (pid <= 0) return [];
  // A host without IPv6 has no tcp6 table.
  const tables = await Promise.all(
    ["tcp", "tcp6"].map((name) => table(`${proc}/${pid}/net/${name}`)),
  );
  return tables.flatMap((text) => parseSockets(text ?? ""));
}

/** The kernel says EINVAL for the tables of a process that is a zombie by now. */
const gone: readonly unknown[] = ["ENOENT", "ESRCH", "EINVAL"];

const table = (path: string): Promise<string | undefined> =>
  readFile(path, "latin1").catch((error: unknown) => {
    if (gone.includes(codeOf(error))) return undefined;
    throw error;
  });
