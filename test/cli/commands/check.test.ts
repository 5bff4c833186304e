import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { check } from "../../../src/cli/commands/check.ts";
import { helpKeys } from "../../../src/cli/commands/help.ts";
import type { CommandIo } from "../../../src/cli/command.ts";
import { UserError } from "../../../src/core/errors.ts";
import { fakeWorld } from "../../support/world.ts";

const cwd = await mkdtemp(join(tmpdir(), "mypaas-check-"));
after(() => rm(cwd, { recursive: true }));
await mkdir(join(cwd, "web"));
await mkdir(join(cwd, "empty"));
await writeFile(
  join(cwd, "web", "Dockerfile"),
  `# mypaas.servicename = web
# mypaas.domain = www.example.com
# mypaas.https = true
# mypaas.volume = ~/web-data:/data
# mypaas.env = SECRET=hunter2
# mypaas.env = TOKEN
# mypaas.release = ./migrate
FROM node:24-slim
`,
);
await writeFile(
  join(cwd, "bad"),
  "# mypaas.service = web\n# mypaas.doman = x\nFROM a\n# mypaas.port = 80a\n",
);
await writeFile(join(cwd, "huge"), "");
await truncate(join(cwd, "huge"), 5 * 2 ** 20);

async function run(path: string | undefined, folder = cwd) {
  const answers: { text: string; json: unknown }[] = [];
  const io: CommandIo = {
    world: fakeWorld({ cwd: folder }),
    say: () => assert.fail("check says nothing but its answer"),
    answer: (text, json) => void answers.push({ text, json }),
    json: false,
  };
  const code = await check({ path }, io);
  return { code, text: answers[0]?.text, json: answers[0]?.json };
}

const summary = `Dockerfile: fine
  service      web
  routes       https://www.example.com
  scale        1 container, the old one stops first, requests wait
  volumes      ~/web-data → /data
  env          SECRET
               TOKEN (set on the server)
  timeouts     start 1m, stop 10s
  release      ./migrate`;

test("a fine Dockerfile is shown as it is understood, without the values of its environment", async () => {
  const { code, text } = await run(undefined, join(cwd, "web"));
  assert.equal(code, 0);
  assert.equal(text, summary);
});

test("a folder stands for the Dockerfile in it", async () => {
  const { code, text } = await run("web");
  assert.equal(code, 0);
  assert.match(text ?? "", /^web\/Dockerfile: fine$/m);
});

test("problems are shown all at once with exit code 1", async () => {
  const { code, text, json } = await run("bad");
  assert.equal(code, 1);
  assert.equal(
    text,
    `error: bad:2:10: unknown key mypaas.doman
hint: did you mean mypaas.domain?
error: bad:4:1: mypaas.port: should be a whole number from 1 to 65535, or none, got "80a"`,
  );
  assert.deepEqual(json, {
    file: "bad",
    spec: null,
    problems: [
      {
        file: "bad",
        line: 2,
        column: 10,
        message: "unknown key mypaas.doman",
        hint: "did you mean mypaas.domain?",
      },
      {
        file: "bad",
        line: 4,
        column: 1,
        message: 'mypaas.port: should be a whole number from 1 to 65535, or none, got "80a"',
      },
    ],
    warnings: [],
  });
});

const refused: readonly (readonly [path: string, message: string, hint?: string])[] = [
  [
    "nowhere",
    "nowhere: no such file",
    "name the Dockerfile or its folder: mypaas check path/to/Dockerfile",
  ],
  [
    "empty",
    "empty/Dockerfile: no such file",
    "name the Dockerfile or its folder: mypaas check path/to/Dockerfile",
  ],
  [
    "bad/x\u001b[2J",
    "bad/x: no such file",
    "name the Dockerfile or its folder: mypaas check path/to/Dockerfile",
  ],
  [
    "/dev/null",
    "/dev/null: not a file",
    "name the Dockerfile or its folder: mypaas check path/to/Dockerfile",
  ],
  ["huge", "huge: has 5242880 bytes, too many for a Dockerfile"],
  ["x".repeat(300), `${"x".repeat(300)}: cannot be read (ENAMETOOLONG)`],
];

for (const [path, message, hint] of refused) {
  test(`${message.slice(0, 60)} is the user's to put right`, async () => {
    await assert.rejects(run(path), (error) => {
      assert.ok(error instanceof UserError);
      assert.equal(error.message, message);
      assert.equal(error.hint, hint);
      return true;
    });
  });
}

test("help keys lists every key for people and for programs", async () => {
  let answer: { text: string; json: unknown } | undefined;
  const io: CommandIo = {
    world: fakeWorld(),
    say: () => undefined,
    answer: (text, json) => void (answer = { text, json }),
    json: true,
  };
  assert.equal(await helpKeys(io), 0);
  assert.match(answer?.text ?? "", /^ {2}servicename \(service\) = name$/m);
  assert.match(
    JSON.stringify(answer?.json),
    /^\{"keys":\[\{"name":"servicename","aliases":\["service"\]/,
  );
});
