import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { test, type TestContext } from "node:test";
import { compare } from "bcryptjs";
import { auth } from "../../../src/cli/commands/auth.ts";
import { runCommand } from "../../support/command.ts";
import { fakeWireServer } from "../../support/fake-wire-server.ts";

const changed = { service: "web", user: "ann", inUse: true };

async function server(t: TestContext, result: unknown) {
  const fake = await fakeWireServer(t, { result });
  const { runDir } = await fake.listenOnSocket();
  const asked = () => [...fake.requests.values()].at(-1) as unknown as Record<string, string>;
  return { runDir, asked };
}

const input = (text: string) => {
  const stdin = new PassThrough();
  stdin.end(text);
  return stdin;
};

type Ran = Awaited<ReturnType<typeof runCommand>>;
const texts = (ran: Ran) => ran.answers.map((answer) => (answer as { readonly text: string }).text);

test("a password from stdin leaves the machine as a hash, and no output shows it", async (t) => {
  const { runDir, asked } = await server(t, changed);
  const args = { service: "web", words: ["set", "ann"], passwordStdin: true, runDir };
  const ran = await runCommand({ stdin: input("pass: wörd\nmore") }, (io) => auth(args, io));
  assert.deepEqual(texts(ran), ["ann has a password for web; it counts now"]);
  const { action, user, hash = "", ...rest } = asked();
  assert.deepEqual([action, user], ["auth.set", "ann"]);
  assert.match(hash, /^\$2b\$05\$/);
  assert.ok(await compare("pass: wörd", hash));
  assert.doesNotMatch(JSON.stringify([ran.said, ran.answers, rest]), /wörd/);
});

test("without one mypaas makes a password and shows it once", async (t) => {
  const { runDir, asked } = await server(t, { ...changed, inUse: false });
  const args = { service: "web", words: ["set", "ann"], runDir };
  const ran = await runCommand({}, (io) => auth(args, io));
  const [text = ""] = texts(ran);
  const [, password = ""] = /^password of ann: ([\w-]{22})$/m.exec(text) ?? [];
  assert.match(text, /it counts once the Dockerfile says: # mypaas\.auth = ann$/);
  assert.ok(await compare(password, asked()["hash"] ?? ""));
});

test("the list shows who may pass and who lacks a password", async (t) => {
  const users = [
    { user: "ann", since: 0, inUse: true },
    { user: "bob", since: 0, inUse: false },
    { user: "eve", inUse: true },
  ];
  const { runDir } = await server(t, { service: "web", users });
  const ran = await runCommand({}, (io) => auth({ service: "web", words: [], runDir }, io));
  const [text = ""] = texts(ran);
  assert.match(text, /ann +set .+ ago +yes/);
  assert.match(text, /bob +set .+ ago +no: not in mypaas\.auth/);
  assert.match(text, /eve +none +no: needs a password/);
});

const refused: readonly (readonly [words: readonly string[], stdin: string, message: string])[] = [
  [["set"], "", 'auth web: not understood: "set"'],
  [["sett", "ann"], "", 'auth web: not understood: "sett"'],
  [["set", "ann", "secret"], "", 'auth web: not understood: "set"'],
  [["set", "ann"], "\n", "auth web set ann: the password is empty"],
  [
    ["set", "ann"],
    `${"x".repeat(73)}\n`,
    "auth web set ann: the password should have at most 72 bytes and no NUL",
  ],
  [
    ["set", "a:b"],
    "x\n",
    'auth web: the name should be a user name of letters, digits and . _ @ -, without a password, got "a"',
  ],
];

for (const [words, stdin, message] of refused)
  test(`auth ${words.join(" ")} is refused: ${message}`, async () => {
    const args = { service: "web", words, passwordStdin: true };
    const { error } = await runCommand({ stdin: input(stdin) }, (io) => auth(args, io));
    assert.equal(error?.message, message);
  });
