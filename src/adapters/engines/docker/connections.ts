import { readFile } from "node:fs/promises";
import { parseSockets } from "../../../core/server/proc-net.ts";
import type { Connections } from "../../../deploy/ports.ts";

/** Reads the kernel's socket tables of other processes' network namespaces; needs the host's /proc. */
export function createConnections(proc = "/proc"): Connections {
  const table = async (pid: number, name: string): Promise<string | undefined> => {
    try {
      return await readFile(`${proc}/${pid}/net/${name}`, "latin1");
    } catch (error) {
      if (isGone(error)) return undefined;
      throw error;
    }
  };
  return {
    socketsOf: async (pid) => {
      if (pid <= 0) return undefined;
      const [tcp, tcp6] = await Promise.all([table(pid, "tcp"), table(pid, "tcp6")]);
      if (tcp === undefined) return undefined;
      // A host without IPv6 has no tcp6 table.
      return [...parseSockets(tcp), ...parseSockets(tcp6 ?? "")];
    },
  };
}

/** The kernel says EINVAL for the tables of a process that is a zombie by now. */
const isGone = (error: unknown): boolean =>
  error instanceof Error &&
  "code" in error &&
  (error.code === "ENOENT" || error.code === "ESRCH" || error.code === "EINVAL");
