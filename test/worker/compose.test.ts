import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { instancePaths } from "../../src/core/server/instance.ts";
import { openBlobStore } from "../../src/adapters/host/blob-store.ts";
import { openSpool } from "../../src/adapters/spool/spool.ts";
import { addKey } from "../../src/adapters/state/keys.ts";
import { putRelease, setReleaseState } from "../../src/adapters/state/releases.ts";
import { insertRequest } from "../../src/adapters/state/requests.ts";
import { ensureService } from "../../src/adapters/state/services.ts";
import { openCore } from "../../src/worker/compose.ts";
import { stillRuns } from "../../src/worker/jobs/open-jobs.ts";
import { release } from "../support/releases.ts";
import { softKey } from "../support/signed.ts";
import { scratch, scratchState, testConfig } from "../support/worker.ts";

test("core: what still runs is one sentence", (t) => {
  const state = scratchState(t);
  assert.equal(stillRuns(state, "web"), "nothing runs under web yet");
  ensureService(state, { name: "web", slug: "web", now: 1 });
  const about = { imageId: "i", content: "c", created: 1, key: "root", job: 1 } as const;
  putRelease(state, { release: release("web", 7), state: "live", ...about });
  assert.equal(stillRuns(state, "web"), "web still runs release 7");
  setReleaseState(state, { service: "web", number: 7 }, "retired");
  assert.equal(stillRuns(state, "web"), "nothing runs under web");
});

test("core: tidying forgets what has expired and repairs the file of the keys", async (t) => {
  const dir = scratch(t);
  const config = testConfig(dir);
  const paths = instancePaths(config);
  mkdirSync(paths.receiverDir, { recursive: true });
  const state = scratchState(t);
  const core = await openCore({
    world: {
      now: () => 1000,
      random: randomBytes,
      uid: 1000,
      kill: () => false,
      execPath: process.execPath,
      sharedObjects: () => [],
      packageRoot: "/nowhere",
    },
    config,
    state,
    store: openBlobStore({ dir: paths.blobs }),
    engineSocket: `${dir}/none.sock`,
    version: "1.2.3",
  });
  const { line } = softKey();
  addKey(state, { fingerprint: "f", line, now: 1, by: "init" });
  const [old, fresh] = ["a".repeat(64), "b".repeat(64)] as const;
  for (const [id, expires] of [
    [old, 0],
    [fresh, 5000],
  ] as const) {
    const about = { action: "push", service: "web", key: "root", accepted: 1, content: "c" };
    insertRequest(state, { ...about, id, expires, tokenHash: "h", job: undefined }, undefined);
  }
  mkdirSync(`${paths.localSpool}/${old}`, { recursive: true });
  writeFileSync(`${paths.localSpool}/${old}/x`, "");
  const spool = await openSpool({ dir: paths.localSpool });
  await core.tidy(spool);
  assert.deepEqual(
    state.all("SELECT id FROM requests").map((row) => row.text("id")),
    [fresh],
  );
  assert.equal((await spool.received(old)).size, 0);
  assert.equal(readFileSync(paths.authorizedKeys, "utf8").includes(line), true);
});
