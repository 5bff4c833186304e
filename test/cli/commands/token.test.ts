import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { remoteAdd } from "../../../src/cli/commands/remote.ts";
import {
  tokenCreate,
  tokenList,
  tokenRevoke,
  type TokenCreateArgs,
} from "../../../src/cli/commands/token.ts";
import { parseKeyLine } from "../../../src/core/ssh/authorized-keys.ts";
import type { TokenAnswer } from "../../../src/core/wire/answers.ts";
import { verifyToken } from "../../../src/core/wire/grant.ts";
import { runCommand } from "../../support/command.ts";
import { fakeWireServer } from "../../support/fake-wire-server.ts";
import { softKey } from "../../support/signed.ts";
import { grant, tokenOf } from "../../support/tokens.ts";

const server = "0123456789abcdef";
const now = Date.UTC(2026, 10, 21);
let home = "";
before(async () => {
  home = await mkdtemp(join(tmpdir(), "mypaas-token-"));
  for (const type of ["ed25519", "rsa", "ecdsa"])
    execFileSync("ssh-keygen", ["-q", "-t", type, "-N", "", "-C", "me", "-f", join(home, type)]);
  const url = `https://paas.example.com#srv=${server}&pin=${"A".repeat(43)}`;
  await runCommand({ home }, (io) => remoteAdd({ name: "prod", url }, io));
});
after(() => rm(home, { recursive: true }));

const create = async (args: TokenCreateArgs, key = "ed25519", world = {}) => {
  const given = { ...args, key: join(home, key) };
  const run = await runCommand({ home, env: process.env, ...world }, (io) =>
    tokenCreate(given, io),
  );
  const [answer] = run.answers as { text: string; json: TokenAnswer }[];
  return { ...run, token: answer?.text ?? "", json: answer?.json };
};

for (const type of ["ed25519", "rsa", "ecdsa"])
  test(`a token made with ssh-keygen and a key of type ${type} is what a server verifies`, async () => {
    const { token, json, said } = await create({ services: "blog, api-*", days: "30" }, type);
    const key = parseKeyLine(await readFile(join(home, `${type}.pub`), "utf8"));
    assert.ok(typeof key !== "string");
    const { grant: read } = verifyToken({ token, keys: [key], server, now });
    assert.deepEqual({ ...json, v: 1 }, { ...read, token });
    assert.deepEqual(
      [read.name, read.services, read.actions, read.access, read.expires],
      ["token", ["blog", "api-*"], ["push"], "change", Date.UTC(2026, 11, 21)],
    );
    assert.match(token, /^mpg_[\w-]+\.[\w-]+$/);
    const what = "services blog, api-* · push · until 2026-12-21";
    assert.deepEqual(said, [{ kind: "note", text: `token token (${read.id}): ${what}` }]);
  });

test("a token can be for reading, and lasts 90 days unless said", async () => {
  const { json } = await create({ name: "stats", services: "*", readOnly: true });
  assert.deepEqual(
    [json?.name, json?.access, json?.actions, json?.expires],
    ["stats", "read", ["push", "env", "logs", "manage"], now + 90 * 86_400_000],
  );
});

const wrong: readonly (readonly [TokenCreateArgs, string])[] = [
  [{}, "token create: needs the services that it may touch"],
  [{ services: "a b" }, 'token create: --services: not a name of a service: "a b"'],
  [{ services: "," }, 'token create: --services: not a name of a service: ","'],
  [{ services: "a", days: "0" }, 'token create: --days should be from 1 to 366, got "0"'],
  [{ services: "a", days: "400" }, 'token create: --days should be from 1 to 366, got "400"'],
  [
    { services: "a", actions: "push,run" },
    'token create: --actions: a token cannot carry "run"; it can carry push, env, logs, manage',
  ],
  [
    { services: "a", name: "a b" },
    'token create: name "a b": should be 1 to 40 of A-Z, a-z, 0-9, dot, - and _',
  ],
];
for (const [args, message] of wrong)
  test(`refused: ${message}`, async () => {
    const { error } = await create(args);
    assert.equal(error?.message, message);
    assert.equal(error.code, "usage");
  });

test("a token is for one server, so one has to be known", async () => {
  const { error } = await create({ services: "a" }, "ed25519", { home: "/nowhere" });
  assert.equal(error?.message, "token: no remote is known here");
});

test("tokens are listed as a table, and revoked by id, name or token", async (t) => {
  const one = { ...grant(), by: "ann", lastUsed: now - 5 * 60_000, state: "valid" } as const;
  const read = { ...one, name: "stats", access: "read", state: "revoked" } as const;
  const listed = await fakeWireServer(t, { result: { tokens: [one, read] } });
  const first = await listed.listenOnSocket();
  const { answers } = await runCommand({ now: () => now }, (io) => tokenList(first, io));
  assert.deepEqual(
    answers.map((answer) => (answer as { text: string }).text),
    [
      [
        "name   id                last used  until       services  may        by",
        "ci     0f3c9a1b2c3d4e5f  5 min ago  2026-12-21  blog      push       ann",
        "stats  0f3c9a1b2c3d4e5f  5 min ago  revoked     blog      read-only  ann",
      ].join("\n"),
    ],
  );
  const fake = await fakeWireServer(t, { result: { token: { id: one.id, name: "ci" } } });
  const where = await fake.listenOnSocket();
  const revoke = async (token: string) => {
    const run = await runCommand({}, (io) => tokenRevoke({ ...where, token }, io));
    const { action, token: sent, expires } = fake.asked().at(-1) as never;
    assert.equal((run.answers[0] as { text: string }).text, "revoked ci (0f3c9a1b2c3d4e5f)");
    return [action, sent, expires];
  };
  assert.deepEqual(await revoke("ci"), ["token.revoke", "ci", undefined]);
  const whole = tokenOf(softKey());
  assert.deepEqual(await revoke(whole), ["token.revoke", one.id, one.expires]);
  assert.doesNotMatch(JSON.stringify(fake.asked()), /mpg_/);
});
