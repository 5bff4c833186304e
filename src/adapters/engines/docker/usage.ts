import { readFile } from "node:fs/promises";

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
    const files = await findUsage(pid, proc);
    return files && readUsage(files, cgroups);
  };

/** The files with the usage of a process and all others in its container; undefined when it is gone or they cannot be seen from here. */
export async function findUsage(pid: number, proc = "/proc"): Promise<UsageFiles | undefined> {
  if (pid <= 0) return undefined;
  const text = await readFile(`${proc}/${pid}/cgroup`, "latin1").catch(() => "");
  return usageFiles(text);
}

/** Reads such files; undefined when they are gone. */
export async function readUsage(
  files: UsageFiles,
  cgroups = "/sys/fs/cgroup",
): Promise<Usage | undefined> {
  try {
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
}

export type ReadUsage = ReturnType<typeof createUsage>;

export type UsageFiles = NonNullable<ReturnType<typeof usageFiles>>;

/** Files below `/sys/fs/cgroup` with the usage of a process and all others in its container, from `/proc/<pid>/cgroup` of version 1 or 2; undefined when the path is not visible here. */
export function usageFiles(text: string) {
  const lines = text.split("\n").flatMap((line) => {
    const [, controllers = "", path = ""] = /^\d+:([^:]*):(\/.*)$/.exec(line) ?? [];
    return path === "" || path.includes("..")
      ? []
      : [{ controllers: controllers.split(","), path }];
  });
  const pathOf = (controller: string) =>
    lines.find(({ controllers }) => controllers.includes(controller))?.path;
  const [cpu, memory, unified] = ["cpuacct", "memory", ""].map(pathOf);
  if (cpu !== undefined && memory !== undefined)
    return {
      cpu: `cpuacct${cpu}/cpuacct.usage`,
      memory: `memory${memory}/memory.usage_in_bytes`,
      memoryStat: `memory${memory}/memory.stat`,
    };
  if (unified === undefined) return undefined;
  const folder = unified.slice(1);
  return {
    cpu: `${folder}/cpu.stat`,
    memory: `${folder}/memory.current`,
    memoryStat: `${folder}/memory.stat`,
  };
}

/** Milliseconds of one core from `cpu.stat`, or from `cpuacct.usage`, which holds nanoseconds. */
export function readCpuMs(text: string): number | undefined {
  const micros = /^usage_usec (\d+)$/m.exec(text)?.[1];
  if (micros !== undefined) return Number(micros) / 1e3;
  return /^\d+\s*$/.test(text) ? Number(text) / 1e6 : undefined;
}

/** Bytes without the file cache that the kernel can free, as in `docker stats`. */
export function readMemoryBytes(usage: string, stat: string): number | undefined {
  if (!/^\d+\s*$/.test(usage)) return undefined;
  const cached =
    /^total_inactive_file (\d+)$/m.exec(stat)?.[1] ?? /^inactive_file (\d+)$/m.exec(stat)?.[1] ?? 0;
  return Math.max(0, Number(usage) - Number(cached));
}
