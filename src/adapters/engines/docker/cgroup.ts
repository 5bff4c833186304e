/** Which files below `/sys/fs/cgroup` tell what a process and its neighbours in the container use. */
export interface UsageFiles {
  readonly cpu: string;
  readonly memory: string;
  readonly memoryStat: string;
}

/** Reads `/proc/<pid>/cgroup` of either version; undefined where the path cannot be seen from here. */
export function usageFiles(text: string): UsageFiles | undefined {
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

/** Milliseconds of one core out of `cpu.stat`, or out of `cpuacct.usage`, which is nothing but nanoseconds. */
export function readCpuMs(text: string): number | undefined {
  const micros = /^usage_usec (\d+)$/m.exec(text)?.[1];
  if (micros !== undefined) return Number(micros) / 1e3;
  return /^\d+\s*$/.test(text) ? Number(text) / 1e6 : undefined;
}

/** Bytes without the files that the kernel would let go of before it runs short, as `docker stats` counts. */
export function readMemoryBytes(usage: string, stat: string): number | undefined {
  if (!/^\d+\s*$/.test(usage)) return undefined;
  const cached =
    /^total_inactive_file (\d+)$/m.exec(stat)?.[1] ?? /^inactive_file (\d+)$/m.exec(stat)?.[1] ?? 0;
  return Math.max(0, Number(usage) - Number(cached));
}
