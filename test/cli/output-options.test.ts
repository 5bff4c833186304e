import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import type { TestContext } from "node:test";
import { knownServices } from "../../src/adapters/laptop/known-services.ts";
import { changeRemotes } from "../../src/adapters/laptop/remotes.ts";
import { main } from "../../src/cli/main.ts";
import { command, hint, hintFields } from "../../src/core/hints.ts";
import type { Event } from "../../src/core/wire/events.ts";
import { fakeWireServer, type FakeServerOptions } from "../support/fake-wire-server.ts";
import { fakeWorld } from "../support/world.ts";

let home = "";
before(async () => {
  home = await mkdtemp(join(tmpdir(), "mypaas-voice-"));
  const file = join(home, "id");
  execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "me", "-f", file]);
});
after(() => rm(home, { recursive: true }));

const story: readonly Event[] = [
  { kind: "step", text: "starting web.2 …" },
  { kind: "note", text: "mypaas push" },
  { kind: "warning", text: "hm", ...hintFields(hint`look at it: ${command("env web")}`) },
  {
    kind: "failed",
    message: "deploy web: no",
    details: [],
    ...hintFields(hint`go back with: ${command("rollback web")}`),
  },
];

/** A laptop that knows a server as `prod`, whose jobs all go like that. */
async function laptop(t: TestContext, events = story, more: FakeServerOptions = {}) {
  const folder = await mkdtemp(join(home, "laptop-"));
  const fake = await fakeWireServer(t, { signed: true, job: { job: 7 }, events, ...more });
  const { origin, pin } = await fake.listenOnTls();
  const place = { env: { PATH: process.env["PATH"] }, home: folder };
  const server = { origin, server: "0123456789abcdef", pin };
  await changeRemotes(place, () => [{ ...server, name: "prod", fingerprint: undefined }]);
  const run = async (env: Readonly<Record<string, string>>, ...args: readonly string[]) => {
    const world = fakeWorld({
      ...place,
      env: { ...place.env, ...env },
      args: [...args, "--key", join(home, "id")],
    });
    const code = await main(world, { worker: async () => {} });
    return { code, out: world.out(), err: world.err() };
  };
  const line = `${origin}#srv=${server.server}&pin=${pin}`;
  return { run, place, line };
}

const spoken = (more: string) => ({
  code: 1,
  out: "",
  err: `starting web.2 …
mypaas push
warning: hm
hint: look at it: mypaas env web${more}
error: deploy web: no
hint: go back with: mypaas rollback web${more}
`,
});

test("hints about a remote that was named can be typed as they are", async (t) => {
  const { run } = await laptop(t);
  assert.deepEqual(await run({}, "rollback", "web", "-r", "prod"), spoken(" -r prod"));
});

test("a remote that every command takes anyway is not named again", async (t) => {
  const { run, line } = await laptop(t);
  const usual = { MYPAAS_REMOTE: "prod" };
  assert.deepEqual(await run(usual, "rollback", "web"), spoken(""));
  assert.deepEqual(await run(usual, "rollback", "web", "-r", "prod"), spoken(""));
  const other = { MYPAAS_REMOTE: "https://other.example.com#srv=0000000000000000" };
  assert.deepEqual(await run(other, "rollback", "web", "-r", "prod"), spoken(" -r prod"));
  assert.deepEqual(await run({}, "rollback", "web", "-r", line), spoken(` -r '${line}'`));
});

test("a refusal of the server names the remote in its hint too", async (t) => {
  const fields = hintFields(hint`see what there is: ${command("releases")}`);
  const error = { code: "no-service", message: "no", ...fields };
  const { run } = await laptop(t, story, {
    before: (_request, answer) => {
      answer.writeHead(422, { "content-type": "application/json" });
      answer.end(JSON.stringify({ error }));
      return true;
    },
  });
  assert.deepEqual(await run({}, "rollback", "web", "-r", "prod"), {
    code: 1,
    out: "",
    err: "error: no\nhint: see what there is: mypaas releases -r prod\n",
  });
  const unknown = await run({}, "rollback", "web", "-r", "prdo");
  assert.match(unknown.err, /^error: remote "prdo": not known here; known: prod\n/);
});

test("--quiet leaves out what is only progress, for people and as JSON", async (t) => {
  const { run } = await laptop(t);
  const quiet = await run({}, "rollback", "web", "-r", "prod", "-q");
  assert.deepEqual(quiet, {
    ...spoken(""),
    err: spoken(" -r prod").err.split("\n").slice(2).join("\n"),
  });
  const { out, err } = await run({}, "rollback", "web", "-r", "prod", "--quiet", "--json");
  const kinds = out
    .trim()
    .split("\n")
    .map((line) => (JSON.parse(line) as Event).kind);
  assert.deepEqual({ kinds, err }, { kinds: ["warning", "failed"], err: "" });
});

test("--quiet keeps how it ended", async (t) => {
  const { run } = await laptop(t, [
    { kind: "step", text: "starting …" },
    { kind: "live", service: "web", release: 3, urls: [], ms: 1500 },
    { kind: "receipt", service: "web", release: 3, ms: 1500 },
  ]);
  assert.deepEqual(await run({}, "rollback", "web", "-r", "prod", "--quiet"), {
    code: 0,
    out: "",
    err: "web release 3 is live after 1.5 s\nswitched in 1.5 s, requests not counted\n",
  });
});

/** Times, ids and milliseconds are always others. */
const steady = (text: string) =>
  text
    .replaceAll(/^\d{4}-\d\d-\d\dT[\d:.]+Z /gm, "TIME ")
    .replaceAll(/[0-9a-f]{64}/g, "ID")
    .replaceAll(/after \d+ ms/g, "after MS")
    .replaceAll(/127\.0\.0\.1:\d+/g, "ADDRESS");

test("--verbose shows each request with its id, its answer and its time on stderr, and no secret", async (t) => {
  const { run } = await laptop(t, [{ kind: "live", service: "web", release: 3, urls: [], ms: 1 }]);
  const words = ["env", "web", "set", "TOKEN=a-secret-value", "-r", "prod", "--verbose"];
  const { code, out, err } = await run({}, ...words, "--json");
  assert.equal(code, 0);
  assert.deepEqual(
    out
      .trimEnd()
      .split("\n")
      .map((line) => (JSON.parse(line) as Event).kind),
    ["live"],
  );
  const path = "/.well-known/mypaas/v1/requests";
  assert.deepEqual(steady(err).trimEnd().split("\n"), [
    "TIME request ID to prod (ADDRESS): env.set web",
    `TIME POST ${path}: 200 after MS`,
    `TIME GET ${path}/ID/events?from=0: 200 after MS`,
  ]);
  assert.equal(new Set(err.match(/[0-9a-f]{64}/g)).size, 1);
  assert.doesNotMatch(err, /a-secret-value|Bearer|authorization|signature/i);
});

test("--verbose shows what caused an error, which is left out otherwise", async (t) => {
  const { run } = await laptop(t, story, {
    before: (_request, answer) => {
      answer.writeHead(422, { "content-type": "application/json" });
      answer.end(JSON.stringify({ error: { code: "no-service", message: "no" } }));
      return true;
    },
  });
  const refused = await run({}, "rollback", "web", "-r", "prod", "--verbose");
  assert.match(
    steady(refused.err),
    /^TIME POST \S+: 422 after MS\nTIME error no-service: UserError: no$/m,
  );
  assert.match(refused.err, /\nerror: no\n$/);

  const local = { MYPAAS_RUN_DIR: "/nowhere" };
  const caused = await run(local, "ps", "--verbose");
  assert.equal(caused.code, 1);
  assert.match(
    steady(caused.err),
    /^TIME error no-worker: UserError: this machine: no mypaas worker/,
  );
  assert.match(steady(caused.err), /^TIME caused by ENOENT: Error: ENOENT: /m);
  assert.match(caused.err, /^ {4}at /m);
  const silent = await run(local, "ps");
  assert.match(silent.err, /^error: this machine: no mypaas worker at \S+\nhint: .*\n$/);
});

test("--verbose of a command line that cannot be read changes nothing", async (t) => {
  const { run } = await laptop(t);
  const wrong = await run({}, "rollback", "--verbose");
  assert.deepEqual([wrong.code, wrong.out], [2, ""]);
  assert.match(wrong.err, /^error: missing required argument 'service'\nhint: /);
});

test("a service that a server knows is known to completion from then on", async (t) => {
  const { run, place } = await laptop(t);
  await run({}, "rollback", "web", "-r", "prod");
  assert.deepEqual(await knownServices(place, "prod"), ["web"]);
});

test("an answer is one line of JSON that says that it is one", async () => {
  const world = fakeWorld({ args: ["help", "keys", "--json"] });
  assert.equal(await main(world, { worker: async () => {} }), 0);
  const lines = world.out().split("\n");
  assert.equal(lines.length, 2);
  assert.match(lines[0] ?? "", /^\{"kind":"answer","keys":\[/);
});

test("what stands behind -- is not for mypaas", async () => {
  const world = fakeWorld({ args: ["frobnicate", "--", "--json"] });
  assert.equal(await main(world, { worker: async () => {} }), 2);
  assert.equal(world.out(), "");
});
