import assert from "node:assert/strict";
import { test } from "node:test";
import { openBlobStore } from "../../../src/adapters/host/blob-store.ts";
import { readPush } from "../../../src/worker/deploy/push-content.ts";
import { refusal, scratch } from "../../support/worker.ts";

test("push content: a Dockerfile that nobody can have written is not read", async (t) => {
  const store = openBlobStore({ dir: `${scratch(t)}/blobs` });
  const dockerfile = "deploy/Dockerfile";
  const entries = [{ path: dockerfile, mode: 0o644, size: 4_194_305, sha256: "0".repeat(64) }];
  const push = { dockerfile, entries, options: { pull: false, noCache: false } };
  assert.equal(
    await refusal(() =>
      readPush(store, { action: "push", service: "web", push }, () => assert.fail()),
    ),
    "deploy/Dockerfile: 4194305 bytes, at most 4194304 are read\nhint: name a Dockerfile: mypaas push PATH",
  );
});
