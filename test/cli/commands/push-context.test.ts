import assert from "node:assert/strict";
import { appendFileSync, mkdirSync, symlinkSync, utimesSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { deploy } from "../../../src/cli/commands/deploy.ts";
import { plan } from "../../../src/cli/commands/plan.ts";
import { bad } from "../../../src/core/actions/fields.ts";
import type { Event } from "../../../src/core/wire/events.ts";
import type { Request } from "../../../src/core/wire/protocol.ts";
import { newerRequest } from "../../../src/core/wire/versions.ts";
import { fakeWireServer, type FakeServerOptions } from "../../support/fake-wire-server.ts";
import { runCommand } from "../../support/command.ts";

const live: Event = { kind: "live", service: "web", release: 1, urls: ["http://x"], ms: 5 };
const flags = { pull: false, cache: true };

/** A folder whose files were last written long ago. */
async function project(t: TestContext, files: Readonly<Record<string, string>> = {}) {
  const cwd = await mkdtemp(join(tmpdir(), "mypaas-ctx-"));
  t.after(() => rm(cwd, { recursive: true }));
  const dockerfile = "# mypaas.servicename = web\nFROM scratch\n";
  for (const [name, text] of Object.entries({ Dockerfile: dockerfile, ...files })) {
    await writeFile(join(cwd, name), text);
    utimesSync(join(cwd, name), 1, 1);
  }
  return cwd;
}

async function deployTo(
  t: TestContext,
  cwd: string,
  options: FakeServerOptions = {},
  onSay?: (event: Event) => void,
) {
  const fake = await fakeWireServer(t, { events: [live], version: "0.2.0", ...options });
  const { runDir } = await fake.listenOnSocket();
  const ran = await runCommand({ cwd }, (io) => deploy({ ...flags, runDir }, io), onSay);
  const pushed = [...fake.requests.values()].flatMap((request) =>
    request.action === "push" ? [request.push] : [],
  );
  return { ...ran, pushed, runDir };
}

const isFound = (event: Event) => event.kind === "step" && event.text.startsWith("found ");

test("a file that changes between reading and sending is read again, and what was read is sent", async (t) => {
  const cwd = await project(t, { "app.log": "1" });
  // Each time that the context was read, so also after its bytes were kept.
  const write = (event: Event) => {
    if (isFound(event)) appendFileSync(join(cwd, "app.log"), "more");
  };
  const { code, said, pushed } = await deployTo(t, cwd, {}, write);
  assert.equal(code, 0);
  assert.ok(
    said.some(
      (event) =>
        event.kind === "note" &&
        event.text === "app.log: changed while it was being sent, reading again …",
    ),
  );
  const sizes = pushed.map(({ entries }) =>
    entries.flatMap((entry) => (entry.path === "app.log" && "size" in entry ? entry.size : [])),
  );
  assert.deepEqual(sizes, [[1], [5]]);
});

test("files that change one after the other do not keep a push going for ever", async (t) => {
  const names = ["a", "b", "c", "d", "e"];
  const cwd = await project(t, Object.fromEntries(names.map((name) => [name, name])));
  let next = 0;
  const write = (event: Event) => {
    const name = names[next];
    if (!isFound(event) || name === undefined) return;
    appendFileSync(join(cwd, name), "more");
    // As if it had been written long after the last look at it.
    utimesSync(join(cwd, name), 1 + next, 1 + next);
    next += 1;
  };
  const { error, pushed } = await deployTo(t, cwd, {}, write);
  assert.equal(error?.message, "d: changed while it was being sent");
  assert.equal(
    error.hint,
    "push again: mypaas push; if it always changes, add it to .dockerignore",
  );
  assert.equal(pushed.length, 4);
});

test("a manifest names folders only where it must, and links as they are", async (t) => {
  const cwd = await project(t);
  assert.equal((await deployTo(t, cwd)).pushed[0]?.folders, undefined);
  symlinkSync("/usr/bin/python3", join(cwd, "python3"));
  assert.deepEqual((await deployTo(t, cwd)).pushed[0]?.folders, []);
  mkdirSync(join(cwd, "storage"), { mode: 0o700 });
  const { pushed, said } = await deployTo(t, cwd);
  assert.deepEqual(pushed[0]?.folders, [{ path: "storage", mode: 0o700 }]);
  assert.equal(said.filter(({ kind }) => kind === "warning").length, 0);
});

const refusesFolders = (request: Request) => {
  if ("push" in request && request.push.folders !== undefined)
    throw newerRequest("push.folders: not known here, update mypaas on the server");
};
const refusesLinks = (request: Request) => {
  if (request.action === "push" && request.push.entries.some((entry) => "link" in entry))
    throw bad('"out": link points out of the build context, to "/etc"');
};
const update =
  'update mypaas on the server, see "Five minutes" in README.md; then run: sudo mypaas init';

test("an older server gets what it understands, and a warning says what stays behind", async (t) => {
  const cwd = await project(t);
  mkdirSync(join(cwd, "storage/cache"), { recursive: true });
  const cases: readonly (readonly [FakeServerOptions, number])[] = [
    // It does not say its version, and passes over what it does not know.
    [{ version: "" }, 1],
    [{ refuse: refusesFolders }, 2],
  ];
  for (const [options, requests] of cases) {
    const { code, said, pushed } = await deployTo(t, cwd, options);
    assert.equal(code, 0);
    assert.equal(pushed.length, requests);
    assert.deepEqual(
      said.flatMap((event) => (event.kind === "warning" ? [[event.text, event.hint]] : [])),
      [
        [
          "build context: empty folders stay behind: storage/cache: mypaas on the server is older than here",
          update,
        ],
      ],
    );
  }
});

test("an older server that does not take a link is named as the reason", async (t) => {
  const cwd = await project(t);
  symlinkSync("/etc", join(cwd, "out"));
  for (const refuse of [refusesFolders, refusesLinks]) {
    const { error } = await deployTo(t, cwd, { refuse });
    assert.equal(error?.message, "build context: mypaas on the server is too old for it");
    assert.deepEqual(error.details, ['"out": link points out of the build context, to "/etc"']);
    assert.equal(error.hint, update);
  }
});

test("plan asks an older server in its own form as well", async (t) => {
  const cwd = await project(t);
  mkdirSync(join(cwd, "empty"));
  const result = { service: "web", unchanged: true, changes: [], pause: { kind: "none" } };
  const fake = await fakeWireServer(t, { refuse: refusesFolders, result });
  const { runDir } = await fake.listenOnSocket();
  const { code, said } = await runCommand({ cwd }, (io) => plan({ ...flags, runDir }, io));
  assert.equal(code, 0);
  assert.equal(said.filter(({ kind }) => kind === "warning").length, 1);
  assert.equal(fake.requests.size, 2);
});
