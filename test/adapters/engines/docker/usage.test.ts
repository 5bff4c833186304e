import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { createUsage } from "../../../../src/adapters/engines/docker/usage.ts";
import { scratch } from "../../../support/worker.ts";

test("what a container uses is read from the kernel's files, and is unknown once it is gone", async (t) => {
  const folder = scratch(t);
  const write = (path: string, text: string) => {
    const file = join(folder, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  };
  write("proc/7/cgroup", "0::/docker/abc\n");
  write("cgroup/docker/abc/cpu.stat", "usage_usec 9000\n");
  write("cgroup/docker/abc/memory.current", "5000\n");
  write("cgroup/docker/abc/memory.stat", "inactive_file 1000\n");
  write("proc/8/cgroup", "0::/docker/gone\n");
  const usage = createUsage(join(folder, "proc"), join(folder, "cgroup"));
  assert.deepEqual(await usage(7), { cpuMs: 9, memoryBytes: 4000 });
  for (const pid of [0, 8, 9]) assert.equal(await usage(pid), undefined);
});
