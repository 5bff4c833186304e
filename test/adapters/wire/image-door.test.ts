import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { createAdaptorServer } from "@hono/node-server";
import { imageDoorApp, upstreamDoor } from "../../../src/adapters/wire/image-door.ts";
import { UserError } from "../../../src/core/errors.ts";
import type { ImageDoor } from "../../../src/core/registry/door.ts";
import { emptyDir } from "../../support/wire.ts";

const refuse = async (): Promise<never> => {
  throw new UserError("token: was revoked", { code: "bad-token", hint: "make another" });
};

async function opened(t: TestContext, more: Partial<ImageDoor>) {
  const bugs: unknown[] = [];
  const door = { check: refuse, sizeOf: refuse, deploy: refuse, ...more };
  const app = imageDoorApp(door, (error) => bugs.push(error));
  const server = createAdaptorServer({ fetch: app.fetch, createServer }) as Server;
  const socket = join(await emptyDir(t), "worker.sock");
  await once(server.listen(socket), "listening");
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  const post = (path: string, body: unknown) =>
    app.request(`/images/${path}`, { method: "POST", body: JSON.stringify(body) });
  return { door: upstreamDoor(socket), bugs, post };
}

test("the receiver's questions reach the worker as they were asked, and its answers come back", async (t) => {
  const heard: unknown[] = [];
  const { door, bugs } = await opened(t, {
    check: async (...asked) => void heard.push(asked),
    sizeOf: async (asked) => {
      heard.push(asked);
      return asked.sha256.startsWith("a") ? 7 : undefined;
    },
    deploy: async ({ manifest, ...asked }) => {
      heard.push({ ...asked, manifest: Buffer.from(manifest).toString() });
      return { isLive: false, text: "web still runs release 1" };
    },
  });
  await door.check("token", undefined);
  await door.check("token", "web");
  const [a, b] = ["a".repeat(64), "b".repeat(64)];
  assert.equal(await door.sizeOf({ token: "token", repository: "web", sha256: a }), 7);
  assert.equal(await door.sizeOf({ token: "token", repository: "web", sha256: b }), undefined);
  const asked = { token: "token", repository: "web", tag: "v1" };
  const end = await door.deploy({ ...asked, manifest: Buffer.from("{ü}") });
  assert.deepEqual(end, { isLive: false, text: "web still runs release 1" });
  assert.deepEqual(heard, [
    ["token", undefined],
    ["token", "web"],
    { token: "token", repository: "web", sha256: a },
    { token: "token", repository: "web", sha256: b },
    { ...asked, manifest: "{ü}" },
  ]);
  assert.deepEqual(bugs, []);
});

test("a refusal arrives as the error that it was, an absent worker as one that is away", async (t) => {
  const { door } = await opened(t, {});
  await assert.rejects(door.check("token", "web"), {
    message: "token: was revoked",
    code: "bad-token",
    hint: "make another",
  });
  await assert.rejects(upstreamDoor("/nowhere").check("token", "web"), { code: "worker-away" });
});

test("what no receiver of ours asks is refused, and no message shows a token", async (t) => {
  const { post, bugs } = await opened(t, {});
  const cases: readonly (readonly [string, unknown])[] = [
    ["check", 1],
    ["check", { token: 1 }],
    ["check", { token: "mpg_secret", repository: "../x" }],
    ["size", { token: "mpg_secret", repository: "web", sha256: "x" }],
    ["deploy", { token: "mpg_secret", repository: "web", tag: "a/b", manifest: "" }],
    ["deploy", { token: "mpg_secret", repository: "web", tag: "v1", manifest: 1 }],
  ];
  for (const [path, body] of cases) {
    const answer = await post(path, body);
    assert.equal(answer.status, 400, JSON.stringify(body));
    assert.doesNotMatch(await answer.text(), /mpg_/);
  }
  assert.deepEqual(bugs, []);
});
