import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { logs } from "../../../src/cli/commands/logs.ts";
import type { LogsArgs } from "../../../src/cli/input/logs-args.ts";
import type { Event } from "../../../src/core/wire/events.ts";
import { runCommand } from "../../support/command.ts";
import { fakeWireServer, type FakeServerOptions } from "../../support/fake-wire-server.ts";
import { fakeWorld } from "../../support/world.ts";
import { shown } from "../../support/worker.ts";

const at = (ms: number) =>
  new Date(Date.UTC(2026, 10, 21) + ms).toISOString().replace("Z", "000000Z");
const line = (release: number, replica: number, ms: number, text: string, stream = "stdout") =>
  JSON.stringify({
    kind: "line",
    container: "c".repeat(12),
    stream,
    release,
    replica,
    at: at(ms),
    nth: 0,
    text,
  });
const session = '{"kind":"session","session":"c0ffee","next":0}';
const caughtUp = '{"kind":"caught-up","positions":{}}';
const end = '{"kind":"end"}';

async function show(t: TestContext, args: LogsArgs, options: FakeServerOptions, json = false) {
  const fake = await fakeWireServer(t, options);
  const { runDir } = await fake.listenOnSocket();
  const world = fakeWorld({ env: { MYPAAS_RUN_DIR: runDir } });
  const ran = await runCommand(world, (io) => logs(args, { ...io, world, json }));
  const froms = fake.log
    .filter((text) => text.includes("/stream"))
    .map((text) => text.split("from=")[1]);
  return { ...ran, out: world.out(), err: world.err(), action: fake.asked().at(-1), froms };
}

test("a line that comes in pieces is one line, and is searched as one", async (t) => {
  const cut = (text: string, ms: number) => line(4, 1, ms, text).replace(/\}$/, ',"isCut":true}');
  const stream = () => [
    session,
    line(4, 1, 1, "first"),
    cut("one ", 2),
    line(4, 1, 2, "an error", "stderr"),
    cut("two ", 2),
    line(4, 1, 2, "three"),
    cut("no end", 3),
    end,
  ];
  const { out } = await show(t, { service: "web" }, { stream });
  assert.equal(out, "web.1 r4 | first\nweb.1 | one two three\nweb.1 | no end\n");
  const found = await show(t, { service: "web", grep: "one.*three" }, { stream });
  assert.deepEqual([found.out, found.err], ["web.1 r4 | one two three\n", ""]);
});

test("lines go where the app printed them, with their replica, and their release where it changes", async (t) => {
  const stream = () => [
    session,
    line(4, 1, 1, "one"),
    line(4, 2, 2, "two \u001b[31mred\u001b[2J", "stderr"),
    line(4, 1, 3, "three"),
    line(5, 1, 4, "four"),
    "{}",
    caughtUp,
    end,
  ];
  const { code, out, err, action } = await show(t, { service: "web" }, { stream });
  assert.equal(code, 0);
  assert.equal(out, "web.1 r4 | one\nweb.1 | three\nweb.1 r5 | four\n");
  assert.equal(err, "web.2 r4 | two \u001b[31mred\u001b[0m\n");
  assert.deepEqual(action, { action: "logs", service: "web", follow: false, lines: 100 });
  const json = await show(
    t,
    { service: "web" },
    { stream: () => [session, line(4, 1, 1, "one"), end] },
    true,
  );
  assert.deepEqual(JSON.parse(json.out), {
    service: "web",
    release: 4,
    replica: 1,
    stream: "stdout",
    at: at(1),
    text: "one",
  });
});

test("what was not shown yet is asked for again when the line breaks", async (t) => {
  const stream = (from: string) =>
    from === "" ? [session, line(4, 1, 1, "one"), caughtUp] : [line(4, 1, 2, "two"), end];
  const { out, froms } = await show(t, { service: "web", follow: true }, { stream });
  assert.equal(out, "web.1 r4 | one\nweb.1 | two\n");
  const [first, second = ""] = froms;
  assert.equal(first, "");
  assert.equal(decodeURIComponent(second), `c0ffee.2.now~${"c".repeat(12)}o*${at(1)}*1`);
});

test("an expression is tried here, and -n counts the lines that match", async (t) => {
  const stream = () => [
    session,
    ...[1, 2, 3, 4, 5, 6].map((number) =>
      line(4, 1, number, number % 2 === 0 ? `even ${number}` : "odd"),
    ),
    caughtUp,
    line(4, 1, 7, "odd"),
    line(4, 1, 8, "\u001b[1meven\u001b[0m 8"),
    end,
  ];
  const { out, action } = await show(
    t,
    { service: "web", grep: "^even", lines: "2", follow: true },
    { stream },
  );
  assert.deepEqual(
    out.split("\n").map((text) => text.split(" | ")[1]),
    ["even 4", "even 6", "\u001b[1meven\u001b[0m 8", undefined],
  );
  assert.deepEqual(action, { action: "logs", service: "web", follow: true });
});

test("the options are what the server is asked", async (t) => {
  const stream = () => [end];
  const ask = async (args: LogsArgs) =>
    (await show(t, { service: "web", ...args }, { stream })).action;
  const common = { action: "logs", service: "web", follow: false };
  assert.deepEqual(await ask({ since: "10m" }), { ...common, sinceMs: 600_000 });
  assert.deepEqual(await ask({ lines: "all" }), common);
  assert.deepEqual(await ask({ since: "2h", lines: "7", release: "3", replica: "2" }), {
    ...common,
    lines: 7,
    sinceMs: 7_200_000,
    release: 3,
    replica: 2,
  });
});

test("what the server cannot show ends the command with its words", async (t) => {
  const stream = () => [
    session,
    '{"kind":"failed","code":"no-logs","message":"logs of web: none","hint":"wait"}',
  ];
  const { error } = await show(t, { service: "web" }, { stream });
  assert.equal(shown(error), "logs of web: none\nhint: wait");
});

test("the log of a job is the answer, of the newest one of a service or of the one that is named", async (t) => {
  const events: Event[] = [
    { kind: "step", text: "building image" },
    { kind: "unchanged", service: "web", release: 3 },
  ];
  const options = { job: { job: 7, attached: true }, events };
  const newest = await show(t, { service: "web", job: true }, options);
  assert.deepEqual(newest.action, { action: "job.log", service: "web" });
  assert.deepEqual(
    newest.answers.map((answer) => (answer as { text: string }).text),
    ["building image", "nothing changed: web runs release 3 with exactly this"],
  );
  assert.equal(newest.code, 0);
  assert.deepEqual((await show(t, { job: "7" }, options)).action, { action: "job.log", job: 7 });
});

test("wrong words are refused before anybody is asked", async (t) => {
  const refused = async (args: LogsArgs) => shown((await show(t, args, {})).error);
  const cases: readonly [LogsArgs, string][] = [
    [{}, "logs: no service named\nhint: name one: mypaas logs web"],
    [{ job: true }, "logs: no service named\nhint: name one: mypaas logs --job 12"],
    [
      { job: "web" },
      'logs: --job should be a whole number, got "web"\nhint: see how it is used: mypaas logs --help',
    ],
    [
      { service: "web", lines: "10001" },
      "logs: -n should be at most 10000, got 10001\nhint: for all lines use: -n all",
    ],
    [
      { service: "web", grep: "(" },
      "logs: --grep: Invalid regular expression: /(/u: Unterminated group\nhint: write a JavaScript regular expression, such as: --grep 'status=5\\d\\d'",
    ],
    [
      { service: "web", since: "soon" },
      'logs: --since should be a duration such as 500ms, 10s, 2m or 1h, got "soon"\nhint: give a duration: --since 10m',
    ],
  ];
  for (const [args, text] of cases) assert.equal(await refused(args), text);
});
