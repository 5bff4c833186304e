import assert from "node:assert/strict";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import {
  secretPath,
  sweepSecretFiles,
  writeSecretFile,
} from "../../../src/adapters/host/secret-files.ts";
import { scratch } from "../../support/worker.ts";

const modeOf = (path: string): number => statSync(path).mode & 0o777;

test("a secret belongs to the numeric user of the image; one that starts as root or by name gives it to all of the container", () => {
  const names = ["", "0", "root", "node", "1000", "1000:50"].map((user) =>
    secretPath("/s", "web", { version: "0f", user }),
  );
  assert.deepEqual(
    names,
    ["all", "all", "all", "all", "1000", "1000"].map((who) => `/s/web/0f-${who}`),
  );
});

test("its folders let only their owner in, and it is written once", async (t) => {
  const dir = join(scratch(t), "secrets");
  const path = secretPath(dir, "web", { version: "0f", user: "" });
  await writeSecretFile(path, "line\n", "");
  assert.deepEqual([dir, join(dir, "web"), path].map(modeOf), [0o700, 0o700, 0o444]);
  const { ino } = statSync(path);
  await writeSecretFile(path, "line\n", "");
  assert.equal(statSync(path).ino, ino);
  assert.equal(readFileSync(path, "utf8"), "line\n");
});

test("versions that no release needs go, and an empty folder with them", async (t) => {
  const dir = join(scratch(t), "secrets");
  for (const version of ["aa", "bb"])
    await writeSecretFile(secretPath(dir, "web", { version, user: "" }), version, "");
  await sweepSecretFiles(dir, "web", new Set(["bb"]));
  assert.deepEqual(readdirSync(join(dir, "web")), ["bb-all"]);
  await sweepSecretFiles(dir, "web", new Set());
  assert.deepEqual(readdirSync(dir), []);
  await sweepSecretFiles(dir, "never", new Set());
});
