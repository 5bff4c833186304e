import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { test, type TestContext } from "node:test";
import { registryList, registryLogin, registryLogout } from "../../../src/cli/commands/registry.ts";
import { askSecret } from "../../../src/cli/input/questions.ts";
import { runCommand } from "../../support/command.ts";
import { fakeWireServer } from "../../support/fake-wire-server.ts";
import { fakeWorld } from "../../support/world.ts";

const registry = { host: "ghcr.io", username: "ann", since: Date.UTC(2026, 10, 20) };

async function server(t: TestContext, result: unknown) {
  const fake = await fakeWireServer(t, { result });
  const { runDir } = await fake.listenOnSocket();
  return { runDir, asked: () => [...fake.requests.values()].at(-1) };
}

const input = (text: string) => {
  const stdin = new PassThrough();
  stdin.end(text);
  return stdin;
};

const texts = (run: { readonly answers: readonly unknown[] }) =>
  run.answers.map((answer) => (answer as { readonly text: string }).text);

test("a login takes its password from stdin, up to the end of the line", async (t) => {
  const { runDir, asked } = await server(t, { registry });
  const args = { host: "https://GHCR.io/", username: "ann", passwordStdin: true, runDir };
  const ran = await runCommand({ stdin: input("a secret: word\r\nmore") }, (io) =>
    registryLogin(args, io),
  );
  assert.deepEqual(texts(ran), ["logged in to ghcr.io as ann"]);
  const { action, host, username, password } = asked() as unknown as Record<string, unknown>;
  assert.deepEqual(
    { action, host, username, password },
    { action: "registry.login", host: "ghcr.io", username: "ann", password: "a secret: word" },
  );
  assert.doesNotMatch(JSON.stringify([ran.said, ran.answers]), /secret/);
});

test("what a login lacks is said with the command that works", async () => {
  const cases: readonly [object, string, string][] = [
    [
      { host: "library" },
      'registry "library": not the host of a registry',
      "name it as it stands in FROM: mypaas registry login ghcr.io",
    ],
    [
      { host: "ghcr.io" },
      "registry ghcr.io: needs a username",
      "pipe the password into: mypaas registry login ghcr.io --username NAME --password-stdin",
    ],
    [
      { host: "ghcr.io", username: "ann" },
      "registry ghcr.io: needs a password",
      "pipe the password into: mypaas registry login ghcr.io --username ann --password-stdin",
    ],
  ];
  for (const [args, message, hint] of cases) {
    const { error } = await runCommand({}, (io) => registryLogin({ host: "", ...args }, io));
    assert.deepEqual([error?.message, error?.hint], [message, hint]);
  }
});

test("logins are listed without passwords, and forgotten", async (t) => {
  const some = await server(t, { registries: [registry], registry });
  const listed = await runCommand({}, (io) => registryList({ runDir: some.runDir }, io));
  assert.deepEqual(texts(listed), ["registry  username  since\nghcr.io   ann       1 d"]);
  const none = await server(t, { registries: [] });
  assert.deepEqual(texts(await runCommand({}, (io) => registryList({ runDir: none.runDir }, io))), [
    "no logins; base images have to be public",
  ]);
  const out = await runCommand({}, (io) =>
    registryLogout({ host: "ghcr.io", runDir: some.runDir }, io),
  );
  assert.deepEqual(texts(out), ["the login of ann at ghcr.io is removed"]);
});

test("a password typed at a terminal is not shown and can be corrected", async () => {
  const modes: boolean[] = [];
  const keyboard = () =>
    Object.assign(new PassThrough(), {
      isTTY: true,
      setRawMode: (on: boolean) => modes.push(on),
    });
  const type = (keys: string) => {
    const stdin = keyboard();
    const world = fakeWorld({ stdin });
    const asked = askSecret(world, "password: ");
    stdin.write(keys);
    return { asked, world };
  };
  const { asked, world } = type("wrong\u0015secrt\u007fet\r");
  assert.equal(await asked, "secret");
  assert.equal(world.err(), "password: \n");
  assert.deepEqual(modes, [true, false]);
  await assert.rejects(type("sec\u0003").asked, /^UserError: password: not given$/);
  assert.equal(await askSecret(fakeWorld(), "password: "), undefined);
});
