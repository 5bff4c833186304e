import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { truncate, utimes, writeFile } from "node:fs/promises";
import { test } from "node:test";
import type { SourceTree } from "../../../src/adapters/laptop/source-tree.ts";
import type { FakeServerOptions } from "../../support/fake-wire-server.ts";
import { push, tree } from "../../support/wire-client.ts";

test("small files travel in one tar, large ones in ranges, equal ones once, and the server has them all", async (t) => {
  const large = randomBytes(2_500_000);
  const source = await tree(t, { a: "same", b: "same", empty: "", large });
  const { fake, request, send, progress } = await push(t, source);
  await send();
  assert.equal((await request.start()).job, 7);
  assert.deepEqual(fake.log, [
    "POST /.well-known/mypaas/v1/requests",
    "PUT /.well-known/mypaas/v1/requests/X/blobs",
    "GET /.well-known/mypaas/v1/requests/X/blobs/X",
    "PUT /.well-known/mypaas/v1/requests/X/blobs/X",
    "POST /.well-known/mypaas/v1/requests/X/start",
  ]);
  const end = { files: 4, totalFiles: 4, bytes: 2_500_011, totalBytes: 2_500_011 };
  const { kind, rate, ...last } = progress.at(-1) ?? assert.fail();
  assert.deepEqual(last, end);
  assert.ok(kind === "upload" && rate > 0);
});

test("only what the server misses is sent", async (t) => {
  const source = await tree(t, { a: "old", b: "new" });
  const known = new Set([...source.files].filter(([, f]) => f.path !== "b").map(([sha]) => sha));
  const { send, progress } = await push(t, source, { known });
  await send();
  assert.equal(progress.at(-1)?.totalBytes, 3);
});

test("after a broken line a large file goes on where it was and a batch is asked for again", async (t) => {
  const source = await tree(t, { a: "small", large: randomBytes(3_000_000) });
  let breaks = 0;
  const cut = (pattern: RegExp, afterBytes: number): FakeServerOptions["before"] => {
    let done = false;
    return (request) => {
      if (done || request.method !== "PUT" || !pattern.test(request.url ?? "")) return false;
      done = true;
      breaks += 1;
      let seen = 0;
      const { socket } = request;
      socket.on("data", (data: Buffer) => {
        seen += data.length;
        if (seen > afterBytes) socket.destroy();
      });
      if (afterBytes === 0) socket.destroy();
      return false;
    };
  };
  const cuts = [cut(/blobs$/, 0), cut(/blobs\/.{64}$/, 1_000_000)];
  const before: FakeServerOptions["before"] = (request, answer) =>
    cuts.some((one) => one?.(request, answer) === true);
  const { request, send, progress } = await push(t, source, { before });
  await send();
  assert.equal(breaks, 2);
  assert.equal((await request.start()).job, 7);
  assert.equal(progress.at(-1)?.bytes, 3_000_012);
});

test("a server that breaks every upload is given up after some tries", async (t) => {
  const source = await tree(t, {});
  const before: FakeServerOptions["before"] = (request) => {
    if (request.method === "PUT") request.socket.destroy();
    return request.method === "PUT";
  };
  const { fake, send } = await push(t, source, { before });
  await assert.rejects(send(), { code: "connection" });
  assert.equal(fake.log.filter((line) => line.startsWith("PUT")).length, 5);
});

test("a file that changes between hashing and sending stops the upload with its name", async (t) => {
  const small = await tree(t, { a: "before" });
  const large = await tree(t, { b: randomBytes(2_000_000) });
  const find = (source: SourceTree, path: string) =>
    [...source.files.values()].find((file) => file.path === path)?.absolute ?? assert.fail();
  const first = await push(t, small);
  await writeFile(find(small, "a"), "later!");
  await assert.rejects(first.send(), { message: "a: changed while it was being sent" });
  const second = await push(t, large);
  await truncate(find(large, "b"), 1000);
  await assert.rejects(second.send(), { message: "b: changed while it was being sent" });
  // Same size, same time: only the server can see it.
  const third = await tree(t, { c: "x".repeat(2_000_000) });
  const file = find(third, "c");
  const source = [...third.files.values()].find((one) => one.absolute === file) ?? assert.fail();
  await writeFile(file, "y".repeat(2_000_000));
  await utimes(file, 1, 1);
  const disguised = new Map(third.files).set(source.sha256, { ...source, modifiedMs: 1000 });
  const last = await push(t, { ...third, files: disguised });
  await assert.rejects(last.send(), { message: "c: changed while it was being sent" });
});

test("a server that asks for a file outside the push gets nothing", async (t) => {
  const source = await tree(t, { a: "1" });
  const { send } = await push(t, { ...source, files: new Map() });
  await assert.rejects(send(), {
    message: /^server: requested a file that is not in this push, [0-9a-f]{64}$/,
    hint: 'install the same version on both sides, see "Five minutes" in README.md',
  });
});
