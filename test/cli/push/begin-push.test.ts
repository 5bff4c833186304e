import assert from "node:assert/strict";
import { test } from "node:test";
import type { Action } from "../../../src/core/actions/actions.ts";
import type { PushOptions } from "../../../src/core/actions/push.ts";
import { beginPush } from "../../../src/cli/push/begin-push.ts";
import type { Begun } from "../../../src/cli/connect/connect.ts";
import { UserError } from "../../../src/core/errors.ts";
import { runCommand } from "../../support/command.ts";

const digest = "0".repeat(32);
const project = {
  origins: [],
  machine: digest,
  place: digest,
  dockerfile: "Dockerfile",
  name: "shop",
  routes: ["shop.example.com"],
};
const entries = [{ path: "Dockerfile", mode: 0o644, size: 1, sha256: "a".repeat(64) }];
const other = new UserError("service web: another project", { code: "other-project", hint: "h" });
const unknown = new UserError(
  "request: push.options.project: not known here, update mypaas on the server",
  { code: "bad-request" },
);

/** The options of each request that a push sends to a server that answers with these errors. */
async function sent(options: PushOptions, ...errors: readonly UserError[]) {
  const asked: PushOptions[] = [];
  const left = [...errors];
  const begin = async (action: Action): Promise<Begun> => {
    assert.ok(action.action === "push");
    asked.push(action.push.options);
    const error = left.shift();
    if (error !== undefined) throw error;
    return { place: "prod" } as Begun;
  };
  const push = { dockerfile: "Dockerfile", entries, options };
  let failed = "";
  await runCommand({}, async (io) => {
    await beginPush({ begin }, { service: "web", push, project, from }, io).catch(
      (error: unknown) => {
        failed = error instanceof UserError ? (error.code ?? "") : String(error);
      },
    );
    return 0;
  });
  return { asked, failed };
}

const from = { kind: "folder" };
const plain = { pull: false, noCache: false };

test("a push says which project it comes from", async () =>
  assert.deepEqual(await sent(plain), { asked: [{ ...plain, project, from }], failed: "" }));

test("a server that does not know projects gets the push without one", async () => {
  const replacing = { ...plain, replace: true };
  assert.deepEqual(await sent(replacing, unknown), {
    asked: [{ ...replacing, project, from }, plain],
    failed: "",
  });
});

test("without a terminal the service of another project stays", async () =>
  assert.deepEqual(await sent(plain, other), {
    asked: [{ ...plain, project, from }],
    failed: "other-project",
  }));
