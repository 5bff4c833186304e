import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { test, type TestContext } from "node:test";
import type { EngineDisk } from "../../../src/core/server/disk.ts";
import type { Caller } from "../../../src/core/wire/permissions.ts";
import { parseKeyLine } from "../../../src/core/ssh/authorized-keys.ts";
import { createDisk } from "../../../src/worker/status/disk.ts";
import { scratch, scratchState, testConfig } from "../../support/worker.ts";

const labels = { "mypaas.instance": "mypaas", "mypaas.service": "web" };
const key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIB8yH8GlsSC0KmgtGrqWFRGfkuTtoL0kHXHrKFlb3Qqw x";

function open(t: TestContext) {
  const dir = scratch(t);
  const config = testConfig(dir);
  const blobs = `${config.stateDir}/blobs/aa`;
  mkdirSync(blobs, { recursive: true });
  writeFileSync(`${blobs}/${"a".repeat(64)}`, Buffer.alloc(8192, 1));
  let now = 1000;
  let asked = 0;
  const engine: EngineDisk = {
    rootDir: dir,
    layers: 3,
    images: [{ tags: [], labels, unique: 3 }],
    containers: [],
    volumes: [{ name: "x", labels: {}, bytes: 5 }],
    cache: 0,
  };
  const disk = createDisk({
    state: scratchState(t),
    config,
    now: () => now,
    engine: async () => {
      asked += 1;
      return engine;
    },
  });
  return {
    asked: () => asked,
    later: (ms: number) => (now += ms),
    ask: async (caller: Caller = "root") => {
      const { owners, total, free, state } = await disk(caller);
      assert.ok(total >= free && free >= 0 && state === undefined);
      return owners.map(({ owner, kind }) => `${owner} ${kind}`);
    },
  };
}

test("the disk is measured once a minute, and again when the clock was set back", async (t) => {
  const disk = open(t);
  assert.deepEqual(await disk.ask(), [
    "web images",
    "mypaas state",
    "mypaas blobs",
    "others volumes",
  ]);
  disk.later(59_999);
  await Promise.all([disk.ask(), disk.ask()]);
  assert.equal(disk.asked(), 1);
  disk.later(1);
  await disk.ask();
  assert.equal(disk.asked(), 2);
  disk.later(-1e6);
  await disk.ask();
  assert.equal(disk.asked(), 3);
});

test("a key that is limited to services sees what these have, and nothing else", async (t) => {
  const disk = open(t);
  const caller = (options: string): Caller => {
    const read = parseKeyLine(`${options} ${key}`);
    if (typeof read === "string") throw new Error(read);
    return read;
  };
  assert.deepEqual(await disk.ask(caller('services="w*"')), ["web images"]);
  assert.deepEqual(await disk.ask(caller('services="api"')), []);
  assert.equal((await disk.ask(caller('actions="logs"'))).length, 4);
});
