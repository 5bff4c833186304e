import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import {
  findInstanceConfig,
  readInstanceConfig,
  writeInstanceConfig,
} from "../../../src/adapters/host/instance-config.ts";
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

test("a configuration is read back as written, and writing it again changes nothing", async () => {
  assert.equal(await findInstanceConfig(stateDir), undefined);
  assert.equal(await writeInstanceConfig(config()), true);
  assert.deepEqual(await readInstanceConfig(stateDir), config());
  const { ino, mode } = await stat(file);
  assert.equal(mode & 0o777, 0o600);
  assert.equal(await writeInstanceConfig(config()), false);
  assert.equal((await stat(file)).ino, ino);
});

test("the operator's comments and allowed volumes survive a rewrite", async () => {
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

test("settings for certificates are read back, and are removed when they are the default again", async () => {
  await rm(file);
  const whole = {
    ...config(),
    acme: {
      server: "https://ca.test:14000/dir",
      hasCa: true,
      lifetimeHours: 24,
      dnsProvider: "httpreq",
    },
    resolvers: ["10.0.0.2", "[::1]:53"],
    addresses: ["192.0.2.1", "2001:db8::1"],
  };
  await writeInstanceConfig(whole);
  assert.deepEqual(await readInstanceConfig(stateDir), whole);
  assert.equal(await writeInstanceConfig(whole), false);
  const { dnsProvider: _, ...acme } = whole.acme;
  await writeInstanceConfig({ ...whole, acme });
  assert.deepEqual(await readInstanceConfig(stateDir), { ...whole, acme });
  await writeInstanceConfig(config());
  assert.deepEqual(await readInstanceConfig(stateDir), config());
  assert.doesNotMatch(await readFile(file, "utf8"), /acme|resolvers|addresses/);
});

test("a missing configuration has a hint", async () => {
  const nowhere = join(stateDir, "nowhere");
  await assert.rejects(readInstanceConfig(nowhere), {
    message: `${nowhere}/config.yml: does not exist, so mypaas is not set up here`,
    hint: "run: sudo mypaas init",
    code: "no-instance",
  });
});

test("every invalid value is refused with its key", async () => {
  await rm(file);
  await writeInstanceConfig({ ...config(), volumes: { allow: ["/srv/data"] } });
  const good = await readFile(file, "utf8");
  const acme = "acme: {server: https://a.test/, hasCa: false, lifetimeHours: 1, dnsProvider: x}\n";
  const cases = [
    ["version: 1", "version: 0", "version: should be 1, got 0"],
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
    [/^owner:\n.*\n.*\n/m, "owner: me\n", "owner.: should be a mapping"],
    [/^/, "acme: yes\n", "acme.: should be a mapping"],
    [
      /^/,
      acme.replace("https", "http"),
      'acme.server: should be an https:// URL, got "http://a.test/"',
    ],
    [/^/, acme.replace("false", "no"), 'acme.hasCa: should be true or false, got "no"'],
    [/^/, acme.replace("1", "0.5"), "acme.lifetimeHours: should be whole hours, got 0.5"],
    [/^/, acme.replace("x}", "X Y}"), 'acme.dnsProvider: should be a lego code, got "X Y"'],
    [
      /^/,
      "resolvers: 1.1.1.1\n",
      'resolvers: should be a list of DNS servers such as 1.1.1.1, got "1.1.1.1"',
    ],
    [
      /^/,
      "resolvers: [one.one]\n",
      'resolvers: should hold DNS servers such as 1.1.1.1, got "one.one"',
    ],
    [/^/, "addresses: [1.2.3.4, 5]\n", "addresses: should hold IP addresses, got 5"],
    [/^[^]*$/, "- a", "the file: should be a mapping"],
  ] as const;
  for (const [from, to, problem] of cases) {
    const text = good.replace("httpPort: 80\n", "httpPort: 8080\n").replace(from, to);
    await writeFile(file, text);
    await assert.rejects(readInstanceConfig(stateDir), (error: Error & { hint?: string }) => {
      if (typeof problem === "string") assert.equal(error.message, `${file}: ${problem}`);
      else assert.match(error.message.slice(file.length + 2), problem);
      assert.equal(error.hint, "correct the file, then run: mypaas init");
      return true;
    });
  }
});

test("a file of a newer mypaas is refused, whatever else it holds", async () => {
  const text = "version: 2\nowner: changed\n";
  await writeFile(file, text);
  await assert.rejects(readInstanceConfig(stateDir), {
    message: `${file}: written by a newer mypaas than this one (version 2, this one reads up to 1)`,
    hint: 'update mypaas here, see "Five minutes" in README.md',
  });
  assert.equal(await readFile(file, "utf8"), text);
});
