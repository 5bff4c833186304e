import assert from "node:assert/strict";
import { test } from "node:test";
import {
  readCpuMs,
  readMemoryBytes,
  usageFiles,
} from "../../../../src/adapters/engines/docker/usage.ts";

test("the files of a container are found on both versions of cgroups", () => {
  assert.deepEqual(usageFiles("0::/system.slice/docker-abc.scope\n"), {
    cpu: "system.slice/docker-abc.scope/cpu.stat",
    memory: "system.slice/docker-abc.scope/memory.current",
    memoryStat: "system.slice/docker-abc.scope/memory.stat",
  });
  const first =
    "4:memory:/docker/abc\n2:cpu,cpuacct:/docker/abc\n1:name=systemd:/docker/abc\n0::/docker/abc\n";
  assert.deepEqual(usageFiles(first), {
    cpu: "cpuacct/docker/abc/cpuacct.usage",
    memory: "memory/docker/abc/memory.usage_in_bytes",
    memoryStat: "memory/docker/abc/memory.stat",
  });
});

test("a path outside of the visible cgroups is not followed", () => {
  for (const text of ["", "0::/../../docker/abc\n", "nonsense"])
    assert.equal(usageFiles(text), undefined, text);
});

test("time and memory are read in one unit each, without the file cache", () => {
  assert.equal(readCpuMs("usage_usec 2500\nuser_usec 1\n"), 2.5);
  assert.equal(readCpuMs("49448310\n"), 49.44831);
  assert.equal(readCpuMs("usage"), undefined);
  assert.equal(readMemoryBytes("1000\n", "anon 5\ninactive_file 400\n"), 600);
  assert.equal(readMemoryBytes("1000\n", "inactive_file 1\ntotal_inactive_file 300\n"), 700);
  assert.equal(readMemoryBytes("100\n", "inactive_file 300\n"), 0);
  assert.equal(readMemoryBytes("max\n", ""), undefined);
});
