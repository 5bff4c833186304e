import assert from "node:assert/strict";
import { rename, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { enrolledKeysFile } from "../../../src/adapters/host/enrolled-keys-file.ts";
import { softKey } from "../../support/signed.ts";
import { emptyDir } from "../../support/wire.ts";

test("keys are read again only after a change of the file", async (t) => {
  const file = join(await emptyDir(t), "authorized_keys");
  const keys = enrolledKeysFile(file);
  assert.deepEqual(await keys(), []);
  await writeFile(file, softKey().line);
  const first = await keys();
  assert.equal(first.length, 1);
  assert.equal(await keys(), first);
  await writeFile(`${file}.new`, `${softKey().line}\n${softKey().line}`);
  await rename(`${file}.new`, file);
  assert.equal((await keys()).length, 2);
});

test("a file of keys that is far too large is not read", async (t) => {
  const file = join(await emptyDir(t), "authorized_keys");
  await writeFile(file, "");
  await truncate(file, 5_000_000);
  await assert.rejects(enrolledKeysFile(file)(), {
    name: "UserError",
    message: `${file}: 5000000 bytes, at most 4194304 are read`,
  });
});
