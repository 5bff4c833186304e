import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { failureOf, main } from "../../src/cli/main.ts";
import { UserError } from "../../src/core/errors.ts";
import { scratch } from "../support/worker.ts";
import { fakeWorld } from "../support/world.ts";

async function ran(...args: readonly string[]) {
  const world = fakeWorld({ args });
  return {
    code: await main(world, { worker: async () => {} }),
    out: world.out(),
    err: world.err(),
  };
}

test("--version prints the version of package.json and nothing else", async () => {
  const { version } = JSON.parse(readFileSync("package.json", "utf8")) as { version: string };
  assert.deepEqual(await ran("--version"), { code: 0, out: `${version}\n`, err: "" });
});

test("--version of a damaged package says how to get a whole one", async (t) => {
  const packageRoot = scratch(t);
  const file = join(packageRoot, "package.json");
  for (const content of [undefined, "{", "null", '{ "name": "mypaas" }', '{ "version": 3 }']) {
    if (content !== undefined) writeFileSync(file, content);
    const world = fakeWorld({ args: ["--version"], packageRoot });
    // oxlint-disable-next-line no-await-in-loop
    assert.equal(await main(world, { worker: async () => {} }), 1);
    const said = `error: ${file}: damaged: has no version\nhint: install mypaas again, see "Five minutes" in README.md\n`;
    assert.deepEqual([world.out(), world.err()], ["", said]);
  }
});

test("an unknown command is wrong usage and names the nearest one", async () => {
  assert.deepEqual(await ran("psuh"), {
    code: 2,
    out: "",
    err: "error: unknown command 'psuh'\n(Did you mean push?)\n",
  });
});

test("an unknown option is wrong usage", async () => {
  assert.deepEqual(await ran("check", "--frobnicate"), {
    code: 2,
    out: "",
    err: "error: unknown option '--frobnicate'\nhint: see how it is used: mypaas check --help\n",
  });
});

test("the name of a service is checked before anything else", async () => {
  const words: readonly (readonly string[])[] = [
    ["env", "My Web"],
    ["ps", "My Web"],
    ["exec", "My Web", "--", "sh"],
  ];
  for (const args of words) {
    // oxlint-disable-next-line no-await-in-loop
    const { code, out, err } = await ran(...args);
    assert.deepEqual({ code, out }, { code: 2, out: "" });
    assert.match(
      err,
      new RegExp(`^error: ${args[0]}: service should be 2 to 50 of a-z.*"My Web"\\n`),
    );
    assert.match(err, /\nhint: name it as its Dockerfile does: mypaas\.servicename\n$/);
  }
});

test("help lists every command and is no error", async () => {
  const { code, out, err } = await ran("--help");
  assert.deepEqual({ code, err }, { code: 0, err: "" });
  for (const name of ["init", "push", "deploy", "check", "remote", "key", "env", "help"])
    assert.match(out, new RegExp(`^  ${name}\\b`, "m"));
  assert.doesNotMatch(out, /^ {2}(worker|receiver)\b/m);
});

test("mypaas alone shows the commands that a beginner needs", async () => {
  const { code, out, err } = await ran();
  assert.deepEqual({ code, err }, { code: 0, err: "" });
  assert.match(out, /mypaas init[\s\S]*mypaas remote add[\s\S]*mypaas push/);
});

test("a mistake of the user ends with 1, the message and the way out", async () => {
  assert.deepEqual(await ran("check", "/nowhere/Dockerfile"), {
    code: 1,
    out: "",
    err: "error: /nowhere/Dockerfile: no such file\nhint: name the Dockerfile or its folder: mypaas check path/to/Dockerfile\n",
  });
});

test("with --json a mistake is one JSON line on stdout", async () => {
  const { code, out, err } = await ran("check", "/nowhere/Dockerfile", "--json");
  assert.deepEqual({ code, err }, { code: 1, err: "" });
  assert.equal((JSON.parse(out) as { kind: string }).kind, "failed");
});

test("with --json wrong usage is one too", async () => {
  const { code, out, err } = await ran("push", "--frobnicate", "--json");
  assert.deepEqual({ code, err }, { code: 2, err: "" });
  assert.deepEqual(JSON.parse(out), {
    kind: "failed",
    message: "unknown option '--frobnicate'",
    details: [],
  });
});

test("words that a command does not understand are wrong usage", async () => {
  const { code, err } = await ran("env", "web", "sett");
  assert.equal(code, 2);
  assert.equal(
    err,
    'error: env web: not understood: "sett"\nhint: say what to do: mypaas env web set NAME=VALUE\n',
  );
});

test("what still runs is part of a mistake's report", () => {
  const error = new UserError("deploy web: no", { still: "web still runs release 41" });
  assert.equal(failureOf(error).still, "web still runs release 41");
});

test("help goes down to the last word", async () => {
  const { code, out } = await ran("help", "remote", "add");
  assert.equal(code, 0);
  assert.match(out, /^Usage: mypaas remote add /);
  assert.deepEqual(await ran("help", "remote", "nope"), {
    code: 2,
    out: "",
    err: "error: unknown command 'remote nope'\n",
  });
});

test("a family of commands without one of them shows its help, and as JSON what is missing", async () => {
  const { code, out, err } = await ran("key");
  assert.deepEqual({ code, out }, { code: 2, out: "" });
  assert.match(err, /^Usage: mypaas key /);
  const json = await ran("key", "--json");
  assert.deepEqual(json, {
    code: 2,
    out: '{"kind":"failed","message":"a command is missing","details":[]}\n',
    err: "",
  });
});
