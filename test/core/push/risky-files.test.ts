import assert from "node:assert/strict";
import { test } from "node:test";
import { warnOfRiskyFiles } from "../../../src/core/push/risky-files.ts";

const warn = (...links: readonly string[]) =>
  warnOfRiskyFiles(links.map((path) => ({ path, link: "x" })));

test("files with names of secrets are named in a warning", () => {
  const risky = [".env", "a/.env.production", "id_rsa", "k/ID_ED25519", "tls/privkey.pem", "s.key"];
  for (const path of [
    ...risky,
    ".npmrc",
    ".aws/credentials",
    "home/.ssh/config",
    "cert.p12",
    ".git/config",
  ])
    assert.ok(warn(path), path);
  const fine = [".env.example", ".envrc", "id_rsa.pub", "ca.pem", "src/env.ts", "keys.ts", "aws/x"];
  for (const path of fine) assert.equal(warn(path), undefined, path);
});

test("many risky files make one warning", () => {
  assert.deepEqual(warn(".env", "1.key", "2.key", "3.key", "4.key", "5.key", "6.key"), {
    kind: "warning",
    text: "build context: files that may hold secrets are sent: .env, 1.key, 2.key, 3.key, 4.key and 2 more",
    hint: "add them to .dockerignore, and set values with: mypaas env",
    hintParts: ["add them to .dockerignore, and set values with: ", "mypaas env"],
  });
});
