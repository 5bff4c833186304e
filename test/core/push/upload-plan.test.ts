import assert from "node:assert/strict";
import { test } from "node:test";
import { planUpload } from "../../../src/core/push/upload-plan.ts";
import { maxBatchBytes, maxBatchedBlobBytes } from "../../../src/core/wire/protocol.ts";

const blob = (name: string, size: number) => ({ sha256: name, size });

test("small blobs are packed into tars no longer than a batch, large ones go alone", () => {
  assert.deepEqual(planUpload([]), []);
  const [a, b] = [blob("a", 0), blob("b", 513)];
  const large = blob("large", maxBatchedBlobBytes + 1);
  assert.deepEqual(planUpload([large, a, b]), [
    { kind: "batch", blobs: [a, b], tarBytes: 1024 + 512 + 512 + 1024 },
    { kind: "ranges", blob: large },
  ]);
});

test("headers count: a hundred thousand tiny blobs make many batches, and none is lost", () => {
  const many = Array.from({ length: 100_000 }, (_, i) => blob(String(i), 1));
  const parts = planUpload(many);
  assert.ok(parts.every((part) => part.kind === "batch" && part.tarBytes <= maxBatchBytes));
  assert.deepEqual(
    parts.flatMap((part) => (part.kind === "batch" ? part.blobs : [])),
    many,
  );
});
