import assert from "node:assert/strict";
import { test } from "node:test";
import { procfilePath } from "../../../src/core/push/procfile-path.ts";

for (const [dockerfile, procfile] of [
  ["Dockerfile", "Procfile"],
  ["apps/web/Dockerfile", "apps/web/Procfile"],
  [".mypaas/Dockerfile", "Procfile"],
  [".mypaas/Dockerfile.2", "Procfile"],
] as const)
  test(`the Procfile of ${dockerfile} is ${procfile}`, () => {
    assert.equal(procfilePath(dockerfile), procfile);
  });
