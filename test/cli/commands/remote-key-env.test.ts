import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { after, before, test, type TestContext } from "node:test";
import { env } from "../../../src/cli/commands/env.ts";
import { keyAdd, keyList, keyRemove } from "../../../src/cli/commands/key.ts";
import { remoteAdd, remoteList, remoteRemove } from "../../../src/cli/commands/remote.ts";
import type { Action } from "../../../src/core/actions/actions.ts";
import { runCommand } from "../../support/command.ts";
import { fakeWireServer } from "../../support/fake-wire-server.ts";

let home = "";
before(async () => {
  home = await mkdtemp(join(tmpdir(), "mypaas-commands-"));
  execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "me", "-f", join(home, "id")]);
});
after(() => rm(home, { recursive: true }));

async function server(t: TestContext, result: unknown) {
  const fake = await fakeWireServer(t, { result });
  const { runDir } = await fake.listenOnSocket();
  const asked = (): Partial<Action> => fake.asked().at(-1) ?? assert.fail();
  return { runDir, asked };
}

const texts = (run: { readonly answers: readonly unknown[] }) =>
  run.answers.map((answer) => (answer as { readonly text: string }).text);

test("remotes are added, replaced, listed and removed; the first is the default", async () => {
  const world = { home };
  const url = (srv: string) => `https://paas.example.com#srv=${srv.repeat(16)}`;
  const add = (name: string, srv: string) =>
    runCommand(world, (io) => remoteAdd({ name, url: url(srv) }, io));
  const list = async () => texts(await runCommand(world, (io) => remoteList({}, io)));
  assert.deepEqual(await list(), [
    "no remotes; add one with the line that mypaas init printed: mypaas remote add",
  ]);
  assert.deepEqual(texts(await add("prod", "a")), [
    "remote prod is https://paas.example.com, the default of mypaas push",
  ]);
  assert.deepEqual(texts(await add("b", "b")), ["remote b is https://paas.example.com"]);
  await add("prod", "c");
  assert.deepEqual(await list(), [`prod  ${url("c")}\nb     ${url("b")}`]);
  const remove = (name: string) => runCommand(world, (io) => remoteRemove({ remote: name }, io));
  assert.deepEqual(texts(await remove("prod")), [
    "remote prod is removed here; nothing changed on the server",
  ]);
  const { error } = await remove("prod");
  assert.equal(error?.message, 'remote "prod": not known here');
  assert.equal(error.hint, "list the remotes: mypaas remote list");
  const bad = await add("My Server", "a");
  assert.equal(bad.error?.message, 'remote "My Server": a name has only a-z, 0-9 and - in it');
  assert.equal(bad.error.hint, "choose a short name: mypaas remote add prod 'https://…'");
});

test("a line without a pin is warned about, and what a name stood for is said", async (t) => {
  const home = await mkdtemp(join(tmpdir(), "mypaas-remote-"));
  t.after(() => rm(home, { recursive: true }));
  const add = async (url: string) =>
    (await runCommand({ home }, (io) => remoteAdd({ name: "prod", url }, io))).said;
  const cut = "https://paas.example.com#srv=0123456789abcdef";
  const whole = `${cut}&pin=${"A".repeat(43)}`;
  assert.deepEqual(await add(cut), [
    {
      kind: "warning",
      text: "remote prod: no pin, so only a public certificate is accepted",
      hint: "without quotes the shell cuts the line at &: add it again with quotes",
    },
  ]);
  assert.deepEqual(await add(whole), [{ kind: "note", text: `remote prod was ${cut}` }]);
  assert.deepEqual(await add(whole), []);
});

const key = {
  fingerprint: "SHA256:x",
  type: "ssh-ed25519",
  name: "me",
  options: "",
  expired: true,
};

test("a key is enrolled with limits, from a file, from stdin or from words", async (t) => {
  const { runDir, asked } = await server(t, { key });
  const line = (await readFile(join(home, "id.pub"), "utf8")).trim();
  const add = (words: readonly string[], more: object = {}) =>
    runCommand({ cwd: home, home }, (io) => keyAdd({ words, runDir, ...more }, io));
  assert.deepEqual(texts(await add(["id.pub"])), ["enrolled SHA256:x  ssh-ed25519  me  (expired)"]);
  assert.deepEqual(asked(), { action: "key.add", line });
  const stdin = Readable.from([`${line.slice(0, 9)}`, `${line.slice(9)}\n`]);
  await runCommand({ cwd: home, home, stdin }, (io) => keyAdd({ words: ["-"], runDir }, io));
  assert.deepEqual(asked(), { action: "key.add", line });
  await add(line.split(" "), { services: "blog, api-*", volumes: false, expires: "2027-01-01" });
  assert.deepEqual(asked(), {
    action: "key.add",
    line: `services="blog,api-*",expires="2027-01-01",no-volumes ${line}`,
  });
  const cases: readonly [words: string[], more: object, message: string, hint: string][] = [
    [
      ["id"],
      {},
      "key: this is a private key, which must stay secret",
      "give the public key: FILE.pub",
    ],
    [
      ["gone"],
      {},
      "key gone: not readable",
      "name the file of a public key: mypaas key add ~/.ssh/id_ed25519.pub",
    ],
    [
      ["https://github.com/ann.keys"],
      {},
      "key https://github.com/ann.keys: mypaas does not fetch keys: the other side would choose the key",
      "check it yourself, then enrol one line of it: mypaas key add -",
    ],
    [
      ["-"],
      {},
      "key -: stdin is empty",
      "give it one public key: mypaas key add - < id_ed25519.pub",
    ],
    [
      ["no-volumes", line],
      { actions: "push" },
      "key: has options already: no-volumes",
      "use these options, or the flags",
    ],
    [
      [line],
      { expires: "soon" },
      'key: key option expires: should be a date such as 2027-01-31, got "soon"',
      "change the option or leave it out, see: mypaas key add --help",
    ],
    [[`${line}\n${line}`], {}, "key: more than one line", "give one public key at a time"],
  ];
  for (const [words, more, message, hint] of cases) {
    const { error } = await add(words, more);
    assert.deepEqual([error?.message, error?.hint], [message, hint]);
  }
  const { error } = await add([line], { services: 'a",no-volumes,x="' });
  assert.match(error?.message ?? "", /^key: /);
});

test("keys are listed within 80 columns, with their last use and, below, their limits", async (t) => {
  const now = Date.UTC(2026, 10, 21);
  const fingerprint = `SHA256:${"x".repeat(43)}`;
  const ci = { ...key, fingerprint, name: "ci@build.example.com", options: 'services="blog"' };
  const me = { ...key, fingerprint, expired: false, lastUsed: now - 3 * 3600_000 };
  const { runDir } = await server(t, { keys: [me, ci, { ...key, fingerprint }] });
  const listed = await runCommand({ home }, (io) => keyList({ runDir }, io));
  assert.deepEqual(texts(listed), [
    `name            last used  fingerprint
me              3 h ago    ${fingerprint}
ci@build.exam…  never      ${fingerprint}
  services="blog" (expired)
me              never      ${fingerprint}
  (expired)`,
  ]);
  const widest = Math.max(...(texts(listed)[0] ?? "").split("\n").map(({ length }) => length));
  assert.ok(widest <= 80, String(widest));
});

test("keys are listed and removed", async (t) => {
  const some = await server(t, { keys: [{ ...key, expired: false }], key });
  const world = { cwd: home, home };
  const listed = await runCommand(world, (io) => keyList({ runDir: some.runDir }, io));
  assert.deepEqual(texts(listed), ["name  last used  fingerprint\nme    never      SHA256:x"]);
  const args = { runDir: some.runDir, name: "SHA256:x" };
  const removed = await runCommand(world, (io) => keyRemove(args, io));
  assert.deepEqual(texts(removed), ["removed SHA256:x  ssh-ed25519  me  (expired)"]);
  assert.deepEqual(some.asked(), { action: "key.remove", fingerprint: "SHA256:x" });
});

test("variables are set, unset and listed, and no value is ever said", async (t) => {
  const result = {
    service: "web",
    set: ["A"],
    unset: ["B"],
    env: [{ name: "A", fingerprint: "f00" }],
  };
  const { runDir, asked } = await server(t, result);
  const run = (...words: readonly string[]) =>
    runCommand({ cwd: home, home }, (io) => env({ service: "web", words, runDir }, io));
  assert.deepEqual(texts(await run("set", "A=secret=1")), [
    "set A for web; its next release has it",
  ]);
  assert.deepEqual(asked(), { action: "env.set", service: "web", set: { A: "secret=1" } });
  assert.deepEqual(texts(await run("unset", "B")), [
    "removed B from web; its next release is without it",
  ]);
  assert.deepEqual(asked(), { action: "env.unset", service: "web", names: ["B"] });
  assert.deepEqual(texts(await run()), ["A  (f00)"]);
  assert.deepEqual(texts(await run("list")), ["A  (f00)"]);
  assert.deepEqual(texts(await run("unset", "B", "C")), [
    "removed B from web; its next release is without it\nC is not set for web",
  ]);
  const cases: readonly [words: string[], message: string, hint: string][] = [
    [
      ["set", "A=1", "topsecret"],
      "env set: word 2 should be NAME=VALUE",
      "begin it with a name of letters, digits and _",
    ],
    [["unset", "A=1"], 'env unset: not a name of a variable: "A=1"', "name it without a value"],
    [
      ["get", "A"],
      "env web: the server does not give values back",
      "compare fingerprints: mypaas env web, or set it again",
    ],
    [["sett"], 'env web: not understood: "sett"', "say what to do: mypaas env web set NAME=VALUE"],
    [["set"], 'env web: not understood: "set"', "say what to do: mypaas env web set NAME=VALUE"],
  ];
  for (const [words, message, hint] of cases) {
    const { error } = await run(...words);
    assert.deepEqual([error?.message, error?.hint], [message, hint]);
  }
});
