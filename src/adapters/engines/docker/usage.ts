import { readFile } from "node:fs/promises";
import { readCpuMs, readMemoryBytes, usageFiles } from "./cgroup.ts";

/** The resources that a container has used until now. */
export interface Usage {
  /** Milliseconds of one core since it started. */
  readonly cpuMs: number;
  readonly memoryBytes: number;
}

/** Asks the kernel instead of the engine, whose own count takes up to a second for each container; undefined when the process is gone or its cgroup cannot be seen from here. */
export const createUsage =
  (proc = "/proc", cgroups = "/sys/fs/cgroup") =>
  async (pid: number): Promise<Usage | undefined> => {
    if (pid <= 0) return undefined;
    try {
      const files = usageFiles(await readFile(`${proc}/${pid}/cgroup`, "latin1"));
      if (files === undefined) return undefined;
      const [cpu, memory, stat] = await Promise.all(
        [files.cpu, files.memory, files.memoryStat].map((file) =>
          readFile(`${cgroups}/${file}`, "latin1"),
        ),
      );
      const cpuMs = readCpuMs(cpu ?? "");
      const memoryBytes = readMemoryBytes(memory ?? "", stat ?? "");
      return cpuMs === undefined || memoryBytes === undefined ? undefined : { cpuMs, memoryBytes };
    } catch {
      return undefined;
    }
  };

export type ReadUsage = ReturnType<typeof createUsage>;
