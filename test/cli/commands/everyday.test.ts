import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { after, before, test, type TestContext } from "node:test";
import { env, type EnvArgs } from "../../../src/cli/commands/env.ts";
import { restart } from "../../../src/cli/commands/restart.ts";
import { start } from "../../../src/cli/commands/start.ts";
import { stop } from "../../../src/cli/commands/stop.ts";
import { remove } from "../../../src/cli/commands/remove.ts";
import { scale } from "../../../src/cli/commands/scale.ts";
import type { Event } from "../../../src/core/wire/events.ts";
import { runCommand } from "../../support/command.ts";
import { fakeWireServer, type FakeServerOptions } from "../../support/fake-wire-server.ts";

let cwd = "";
before(async () => {
  cwd = await mkdtemp(join(tmpdir(), "mypaas-everyday-"));
});
after(() => rm(cwd, { recursive: true }));

async function server(t: TestContext, options: FakeServerOptions) {
  const fake = await fakeWireServer(t, options);
  const { runDir } = await fake.listenOnSocket();
  return { world: { cwd, env: { MYPAAS_RUN_DIR: runDir } }, asked: fake.asked };
}

const live: Event = { kind: "live", service: "web", release: 5, urls: [], ms: 900 };
const stopped: Event = { kind: "stopped", service: "web", release: 5 };
const failed: Event = { kind: "failed", message: "no", details: [] };

test("scale asks for that many replicas, and refuses none with a way out", async (t) => {
  const { world, asked } = await server(t, { job: { job: 7 }, events: [live] });
  const run = (replicas: string) =>
    runCommand(world, (io) => scale({ service: "web", replicas }, io));
  assert.equal((await run("3")).code, 0);
  assert.deepEqual(asked(), [{ action: "scale", service: "web", replicas: 3 }]);
  const cases: readonly [string, string, string][] = [
    ["0", "scale web: scale must be at least 1", "to stop it: mypaas stop web"],
    ["x", 'scale web: should be a number from 1 to 100, got "x"', "such as: mypaas scale web 2"],
    [
      "101",
      'scale web: should be a number from 1 to 100, got "101"',
      "such as: mypaas scale web 2",
    ],
  ];
  for (const [word, message, hint] of cases) {
    const { error } = await run(word);
    assert.deepEqual([error?.message, error?.hint], [message, hint]);
  }
});

const bodies = { restart, start, stop } as const;

for (const [verb, end, code] of [
  ["restart", live, 0],
  ["start", live, 0],
  ["stop", stopped, 0],
  ["start", failed, 1],
  ["stop", failed, 1],
] as const)
  test(`${verb} ends with ${code} when its job ends as ${end.kind}`, async (t) => {
    const { world, asked } = await server(t, { job: { job: 7 }, events: [end] });
    const ran = await runCommand(world, (io) => bodies[verb]({ service: "web" }, io));
    assert.equal(ran.code, code);
    assert.deepEqual(asked(), [{ action: verb, service: "web" }]);
  });

test("values of a file and of the line go together, and a service that runs gets a release with them", async (t) => {
  const { world, asked } = await server(t, { job: { job: 7 }, events: [live] });
  const set = (args: Partial<EnvArgs>, more: object = {}) =>
    runCommand({ ...world, ...more }, (io) => env({ service: "web", words: ["set"], ...args }, io));
  await writeFile(join(cwd, ".env"), "# comment\nexport A=1\nB=\"two\nlines\"\n\nC='x y'\n");
  assert.equal((await set({ file: ".env", words: ["set", "A=9"] })).code, 0);
  const stdin = Readable.from(["D=4\n"]);
  await set({ file: "-", stage: true }, { stdin });
  assert.deepEqual(asked(), [
    { action: "env.set", service: "web", set: { A: "9", B: "two\nlines", C: "x y" } },
    { action: "env.set", service: "web", set: { D: "4" }, stage: true },
  ]);
});

test("a file with a line that is no value is refused without showing the line", async (t) => {
  const { world } = await server(t, {});
  const cases: readonly [text: string, message: string, hint: string][] = [
    ["A=1\ntopsecret\n", ".env:2: should be NAME=VALUE", "correct the line, or begin it with #"],
    ["# only this\n", ".env: holds no values", "write one NAME=VALUE on each line"],
    ["9A=1\n", ".env:1: should be NAME=VALUE", "correct the line, or begin it with #"],
    [
      `A=${"x".repeat(1024 * 1024)}`,
      ".env: more than 1048576 bytes",
      "give only what the service needs",
    ],
  ];
  const run = () =>
    runCommand(world, (io) => env({ service: "web", words: ["set"], file: ".env" }, io));
  for (const [text, message, hint] of cases) {
    await writeFile(join(cwd, ".env"), text);
    const { error } = await run();
    assert.deepEqual([error?.message, error?.hint], [message, hint]);
  }
  await rm(join(cwd, ".env"));
  const { error } = await run();
  assert.deepEqual(
    [error?.message, error?.hint],
    [".env: not readable", "name a file with lines NAME=VALUE, or - for stdin"],
  );
});

test("a whole file is a value, byte for byte, and may be a secret", async (t) => {
  const { world, asked } = await server(t, { job: { job: 7 }, events: [live] });
  const set = (args: Partial<EnvArgs>, more: object = {}) =>
    runCommand({ ...world, ...more }, (io) => env({ service: "web", words: ["set"], ...args }, io));
  const pem = "-----BEGIN-----\nä=1\n-----END-----\n";
  await writeFile(join(cwd, "key.pem"), pem);
  const fromFile = ["KEY=key.pem", "npm-token=-"];
  const stdin = Readable.from([Buffer.from("to"), Buffer.from("ken")]);
  assert.equal((await set({ fromFile, words: ["set", "A=1"], secret: true }, { stdin })).code, 0);
  assert.deepEqual(asked(), [
    {
      action: "env.set",
      service: "web",
      set: { KEY: pem, "npm-token": "token", A: "1" },
      secret: true,
    },
  ]);
  await writeFile(join(cwd, "binary"), Buffer.from([0xff, 0xfe, 0]));
  await writeFile(join(cwd, "nul"), "a\0b");
  await writeFile(join(cwd, "long"), "x".repeat(128 * 1024 + 1));
  const cases: readonly [word: string, message: string, hint: string][] = [
    ["A=binary", "binary: not text", "write it as text first: base64 -w0 binary"],
    ["A=nul", "nul: not text", "write it as text first: base64 -w0 nul"],
    ["A=long", "long: more than 128 KiB", "give a smaller file"],
    ["A=none", "none: not readable", "name a file, or - for stdin"],
    [
      "topsecret",
      "env set: --from-file should be NAME=FILE",
      "begin it with the name of the value, such as: --from-file TLS_KEY=key.pem",
    ],
  ];
  const twice = await set({ file: "-", fromFile: ["A=-"] });
  assert.equal(twice.error?.message, "env set: stdin can be read only once");
  for (const [word, message, hint] of cases) {
    const { error } = await set({ fromFile: [word] });
    assert.deepEqual([error?.message, error?.hint], [message, hint]);
  }
});

test("the list says of each value what it is for, and an older server says nothing", async (t) => {
  const values = [
    { name: "A", fingerprint: "1", use: "environment", paths: [] },
    { name: "B", fingerprint: "2", use: "build", paths: [] },
    { name: "C", fingerprint: "3", use: "file", paths: ["/run/secrets/C", "/c"] },
    { name: "D", fingerprint: "4" },
  ];
  const { world } = await server(t, { result: { service: "web", env: values } });
  const { answers } = await runCommand(world, (io) => env({ service: "web", words: [] }, io));
  const text = [
    "A  (1)  environment",
    "B  (2)  secret for builds",
    "C  (3)  secret, file /run/secrets/C, file /c",
    "D  (4)",
  ].join("\n");
  assert.deepEqual(answers, [{ text, json: { service: "web", env: values } }]);
});

test("secrets that only builds ask for are said to wait for the next one", async (t) => {
  const result = { service: "web", set: ["A"], unset: ["A"], takesEffect: "next push" };
  const { world } = await server(t, { result });
  const run = (args: Partial<EnvArgs>) =>
    runCommand(world, (io) => env({ service: "web", words: [], ...args }, io));
  const { answers: set } = await run({ words: ["set", "A=1"], secret: true });
  const text = "set A as a secret of web; its next push has it";
  assert.deepEqual(set, [{ text, json: result }]);
  const { answers: unset } = await run({ words: ["unset", "A"] });
  const gone = "removed A from web; its next push is without it";
  assert.deepEqual(unset, [{ text: gone, json: result }]);
});

const info = {
  service: "web",
  routes: ["https://example.com"],
  containers: 2,
  images: 1,
  releases: 3,
  env: ["KEY"],
  volumes: ["mypaas-web-data"],
  folders: ["/home/ann/web"],
};

test("a removal says what goes and what stays, and does nothing where nobody can be asked", async (t) => {
  const { world, asked } = await server(t, { result: info });
  const { said, error } = await runCommand(world, (io) => remove({ service: "web" }, io));
  assert.deepEqual(
    said.map((event) => "text" in event && event.text),
    [
      "goes: https://example.com",
      "goes: 2 containers, 1 image, 3 releases",
      "goes: the values of KEY",
      "stays: volume mypaas-web-data",
      "stays: /home/ann/web",
    ],
  );
  assert.deepEqual(
    [error?.message, error?.hint],
    [
      "remove web: no terminal to ask on",
      "to remove it without confirmation: mypaas remove web --yes",
    ],
  );
  assert.deepEqual(asked(), [{ action: "remove.list", service: "web" }]);
});

test("a removal that is confirmed removes what was shown, volumes only when told", async (t) => {
  for (const [typed, volumes] of [
    ["web", false],
    ["web", true],
    ["wbe", true],
  ] as const) {
    const removed: Event = { kind: "removed", service: "web", kept: [] };
    const { world, asked } = await server(t, { result: info, job: { job: 7 }, events: [removed] });
    const stdin = Object.assign(Readable.from([`${typed}\n`]), { isTTY: true });
    const { error } = await runCommand({ ...world, stdin }, (io) =>
      remove({ service: "web", volumes }, io),
    );
    const last = asked().at(-1);
    if (typed === "wbe") {
      assert.equal(error?.message, "remove web: not confirmed");
      assert.equal(last?.action, "remove.list");
    } else
      assert.deepEqual(last, {
        action: "remove",
        service: "web",
        volumes: volumes ? ["mypaas-web-data"] : [],
      });
  }
});
