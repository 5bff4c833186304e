import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { actions, readAction } from "../../../src/core/actions/actions.ts";
import { parseRequest, storedBody } from "../../../src/core/wire/request.ts";
import { actionNames, samples } from "../../support/rights-matrix.ts";

const folder = join(import.meta.dirname, "../../../src/core/actions");

test("every definition of a family is in the table, under a name of its own", () => {
  const texts = globSync("*.ts", { cwd: folder }).map((name) =>
    readFileSync(join(folder, name), "utf8"),
  );
  const defined = texts.flatMap((text) =>
    [...text.matchAll(/^ {2}"?([a-z.]+)"?: (?:action\(\{|change,)/gm)].map(([, name = ""]) => name),
  );
  assert.deepEqual(defined.toSorted(), Object.keys(actions).toSorted());
});

test("an action is read as it was made, without fields that are not its own", () => {
  for (const name of actionNames) {
    const action = samples[name]("web");
    assert.deepEqual(readAction({ ...action, other: 1 }), action);
  }
});

test("an action that changes something is sent once, except a push, which joins its own job", () => {
  const safe = actionNames.filter((name) => actions[name].repeat === "safe" && name !== "push");
  for (const name of safe) {
    assert.equal(actions[name].becomes.kind, "answer", name);
    assert.doesNotMatch(name, /\.(add|remove|login|logout|retry)$/);
  }
  const looks = actionNames.filter((name) => /\.(list|info)$/.test(name));
  assert.deepEqual(
    looks.filter((name) => !safe.includes(name)),
    [],
  );
  assert.equal(actions.push.repeat, "safe");
});

test("what is stored of a request is the request without the values of variables", () => {
  const head = {
    v: 1,
    server: "local",
    created: 1,
    nonce: "0f".repeat(16),
    tokenHash: "ab".repeat(32),
  } as const;
  for (const name of actionNames) {
    const request = { ...head, ...samples[name]("web") };
    const body = Buffer.from(JSON.stringify(request));
    const stored = storedBody(request, body);
    if (name === "env.set") assert.deepEqual(parseRequest(stored), { ...request, set: { A: "" } });
    else assert.equal(stored, body);
  }
});

test("no secret is in a request whose bytes are stored", () => {
  const hasSecret = actionNames.filter((name) =>
    Object.values(actions[name].fields).some((reader) => "isSecret" in reader),
  );
  assert.deepEqual(hasSecret, [
    "auth.set",
    "run",
    "exec",
    "link.set",
    "registry.login",
    "cert.add",
  ]);
  for (const name of hasSecret)
    assert.ok(["answer", "terminal"].includes(actions[name].becomes.kind), name);
});
