import assert from "node:assert/strict";
import { test } from "node:test";
import { openBlobStore } from "../../../src/adapters/server/blob-store.ts";
import { insertJob } from "../../../src/adapters/state/jobs.ts";
import { insertRequest } from "../../../src/adapters/state/requests.ts";
import { readPush } from "../../../src/worker/deploy/push-content.ts";
import { refusal, scratch, scratchState } from "../../support/worker.ts";

test("push content: a Dockerfile that nobody can have written is not read", async (t) => {
  const state = scratchState(t);
  const store = openBlobStore({ dir: `${scratch(t)}/blobs` });
  const dockerfile = "deploy/Dockerfile";
  const entry = { path: dockerfile, mode: 0o644, size: 4_194_305, sha256: "0".repeat(64) };
  const body = {
    v: 1,
    server: "local",
    created: 1,
    nonce: "0".repeat(32),
    tokenHash: "0".repeat(64),
    action: "push",
    service: "web",
    push: { dockerfile, entries: [entry], options: { pull: false, noCache: false } },
  };
  const who = { service: "web", key: "root", content: "c" };
  const stored = { ...who, id: "1", action: "push", accepted: 1, expires: 9, tokenHash: "h" };
  insertRequest(state, { ...stored, job: undefined }, Buffer.from(JSON.stringify(body)));
  const job = insertJob(state, { ...who, request: "1" }, 1);
  assert.equal(
    await refusal(() => readPush({ state, store }, job, () => assert.fail())),
    "deploy/Dockerfile: 4194305 bytes, at most 4194304 are read\nhint: name a Dockerfile: mypaas push PATH",
  );
});
