import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { bearer, refused, request, serve } from "../../support/wire-app.ts";
import { blobOf, sha256, tarOf } from "../../support/wire.ts";

test("a batch is stored, no longer missing, and gone once the job has it", async (t) => {
  const [one, two] = [blobOf("one"), blobOf("two")];
  const { ask, dir, path } = await serve(t, [one, two]);
  const body = await tarOf([{ name: one.sha256, data: "one" }]);
  assert.deepEqual(await ask(`${path}/blobs`, { method: "PUT", body, headers: bearer }), {
    status: 200,
    body: { received: [one.sha256] },
  });
  assert.equal(await readFile(join(dir, request, one.sha256), "utf8"), "one");
  assert.deepEqual((await ask(path, { headers: bearer })).body, { request, missing: [two] });
  const started = await ask(`${path}/start`, { method: "POST", headers: bearer });
  assert.deepEqual(started.body, { request, missing: [], job: 7 });
  assert.deepEqual(await readdir(dir), []);
});

test("a large blob comes in ranges, each where the last one ended", async (t) => {
  const blob = blobOf("hello world");
  const { ask, dir, path } = await serve(t, [blob]);
  const url = `${path}/blobs/${blob.sha256}`;
  const put = (range: string, body: string) =>
    ask(url, { method: "PUT", body, headers: { ...bearer, "content-range": range } });
  assert.deepEqual((await put("bytes 0-4/11", "hello")).body, { have: 5 });
  assert.deepEqual((await ask(url, { headers: bearer })).body, { have: 5 });
  assert.deepEqual(
    await put("bytes 4-9/11", "o worl"),
    refused(409, "conflict", `blob ${blob.sha256}: range begins at 4, 5 bytes are stored`),
  );
  assert.deepEqual(
    await put("bytes 5-7/11", " world"),
    refused(413, "too-large", "body: larger than 3 bytes"),
  );
  const { body } = await ask(url, { headers: bearer });
  const { have } = body as { have: number };
  assert.deepEqual((await put(`bytes ${have}-10/11`, "hello world".slice(have))).body, {
    have: 11,
  });
  assert.equal(await readFile(join(dir, request, blob.sha256), "utf8"), "hello world");
});

test("a range that makes no sense is refused", async (t) => {
  const blob = blobOf("hello world");
  const { ask, path } = await serve(t, [blob]);
  for (const range of ["", "bytes 5-4/11", "bytes 0-11/11", "bytes 0-4/12", "bytes */11", "0-4/11"])
    assert.deepEqual(
      await ask(`${path}/blobs/${blob.sha256}`, {
        method: "PUT",
        body: "hello",
        headers: { ...bearer, "content-range": range },
      }),
      refused(
        400,
        "bad-request",
        `content-range: should be "bytes A-B/11", got ${JSON.stringify(range)}`,
      ),
    );
});

test("a blob that the request does not want is not found, whatever its name", async (t) => {
  const { ask, path } = await serve(t, [blobOf("hello")]);
  for (const name of [sha256("other"), "..%2f..%2fetc%2fpasswd", "x"]) {
    const answer = await ask(`${path}/blobs/${name}`, { headers: bearer });
    assert.equal(answer.status, 404);
  }
});

test("nothing can be uploaded where there is no spool", async (t) => {
  const { ask, path } = await serve(t, [blobOf("hello")], { spool: undefined });
  const answer = await ask(`${path}/blobs`, { method: "PUT", body: "x", headers: bearer });
  assert.deepEqual(answer, refused(404, "not-found", "path: not part of the protocol"));
});
