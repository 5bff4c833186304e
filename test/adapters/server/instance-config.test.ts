import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import {
  findInstanceConfig,
  readInstanceConfig,
  writeInstanceConfig,
} from "../../../src/adapters/server/instance-config.ts";
import type { InstanceConfig } from "../../../src/core/server/instance.ts";

let stateDir = "";
let file = "";
before(async () => {
  stateDir = await mkdtemp(join(tmpdir(), "mypaas-config-"));
  file = join(stateDir, "config.yml");
});
after(() => rm(stateDir, { recursive: true, force: true }));

const config = (): InstanceConfig => ({
  version: 1,
  instance: "mypaas",
  server: "0123456789012345",
  stateDir,
  runDir: "/run/mypaas",
  bind: "0.0.0.0",
  httpPort: 80,
  httpsPort: 443,
  email: "me@example.com",
  traefikImage: "traefik:v3.7.15",
  receiverImage: "mypaas/receiver:1",
  owner: { name: "root", home: "/root" },
  volumes: { allow: [] },
});

test("what is written is read back, and writing it again changes nothing", async () => {
  assert.equal(await findInstanceConfig(stateDir), undefined);
  assert.equal(await writeInstanceConfig(config()), true);
  assert.deepEqual(await readInstanceConfig(stateDir), config());
  const { ino, mode } = await stat(file);
  assert.equal(mode & 0o777, 0o600);
  assert.equal(await writeInstanceConfig(config()), false);
  assert.equal((await stat(file)).ino, ino);
});

test("the operator's comments and allowed volumes outlive a rewrite", async () => {
  const text = (await readFile(file, "utf8"))
    .replace("httpPort: 80", "httpPort: 80 # behind the balancer")
    .replace("allow: []", "allow:\n    - /srv/data # the big disk");
  await writeFile(file, text);
  const { email: _, ...rest } = config();
  await writeInstanceConfig({ ...rest, httpPort: 8080, domain: "paas.example.com" });
  const after = await readFile(file, "utf8");
  assert.match(after, /^httpPort: 8080 # behind the balancer$/m);
  assert.match(after, /^ {4}- \/srv\/data # the big disk$/m);
  assert.doesNotMatch(after, /email/);
  const read = await readInstanceConfig(stateDir);
  assert.deepEqual(read.volumes.allow, ["/srv/data"]);
  assert.equal(read.domain, "paas.example.com");
});

test("a server that has none says how to get one", async () => {
  const nowhere = join(stateDir, "nowhere");
  await assert.rejects(readInstanceConfig(nowhere), {
    message: `${nowhere}/config.yml: does not exist, so there is no mypaas here`,
    hint: "run: sudo mypaas init",
    code: "no-instance",
  });
});

test("every impossible value is refused with its place", async () => {
  await writeInstanceConfig(config());
  const good = await readFile(file, "utf8");
  const cases = [
    ["version: 1", "version: 2", "version: should be 1, got 2"],
    ["version: 1", "version: 'a", /^Missing closing 'quote/],
    [
      "instance: mypaas",
      "instance: My",
      'instance: should be a text that fits ^[a-z0-9][a-z0-9-]{0,30}$, got "My"',
    ],
    [
      'server: "0123456789012345"',
      "server: 0123456789012345",
      "server: should be a text that fits ^[0-9a-f]{16}$, got 123456789012345",
    ],
    ["runDir: /run/mypaas", "runDir: run", 'runDir: should be an absolute path, got "run"'],
    ["httpPort: 8080", "httpPort: 0", "httpPort: should be a port from 1 to 65535, got 0"],
    ["bind: 0.0.0.0", "", "bind: should be a text that fits ^[^\\s\\p{Cc}]+$, got nothing"],
    ["allow:", "allow: x\n  old:", "volumes.allow: should be a list of absolute paths"],
    ["- /srv/data", "- srv/data", 'volumes.allow: should hold absolute paths, got "srv/data"'],
    [/^owner:\n.*\n.*\n/m, "owner: me\n", "owner.: should hold named values"],
    [/^[^]*$/, "- a", "the file: should hold named values"],
  ] as const;
  for (const [from, to, problem] of cases) {
    const text = good.replace("httpPort: 80 ", "httpPort: 8080 ").replace(from, to);
    await writeFile(file, text);
    await assert.rejects(readInstanceConfig(stateDir), (error: Error & { hint?: string }) => {
      if (typeof problem === "string") assert.equal(error.message, `${file}: ${problem}`);
      else assert.match(error.message.slice(file.length + 2), problem);
      assert.equal(error.hint, "put it right in that file, then run: mypaas init");
      return true;
    });
  }
});
