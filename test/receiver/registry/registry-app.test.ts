import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { test } from "node:test";
import { UserError } from "../../../src/core/errors.ts";
import { digestOf, openedRegistry } from "../../support/registry.ts";
import { softKey } from "../../support/signed.ts";
import { grant, tokenOf } from "../../support/tokens.ts";

type Opened = Awaited<ReturnType<typeof openedRegistry>>;

const errorOf = async (answer: Response) => {
  const { errors } = (await answer.json()) as { errors: { code: string; message: string }[] };
  const [first] = errors;
  return [answer.status, first?.code, first?.message];
};

async function pushBlob({ ask }: Opened, repository: string, bytes: string) {
  const begun = await ask("POST", `/v2/${repository}/blobs/uploads/`);
  assert.equal(begun.status, 202);
  const place = begun.headers.get("location") ?? "";
  assert.equal((await ask("PATCH", place, { body: bytes })).status, 202);
  const put = await ask("PUT", `${place}?digest=${digestOf(bytes)}`);
  assert.equal(put.status, 201);
  return digestOf(bytes);
}

const type = "application/vnd.oci.image.manifest.v1+json";
const manifestOf = (config: string, ...layers: readonly string[]) =>
  JSON.stringify({
    schemaVersion: 2,
    mediaType: type,
    config: { mediaType: "application/vnd.oci.image.config.v1+json", digest: config, size: 2 },
    layers: layers.map((digest) => ({ mediaType: "x", digest, size: 5 })),
  });

test("an image comes in by blobs and a manifest, and its tag is a deploy", async (t) => {
  const door = await openedRegistry(t);
  const { ask, deploys } = door;
  assert.equal((await ask("GET", "/v2/")).status, 200);
  const config = await pushBlob(door, "blog", "{}");
  const layer = await pushBlob(door, "blog", "layer");
  const head = await ask("HEAD", `/v2/blog/blobs/${layer}`);
  assert.deepEqual(
    [head.status, head.headers.get("content-length"), head.headers.get("docker-content-digest")],
    [200, "5", layer],
  );
  assert.equal(await (await ask("GET", `/v2/blog/blobs/${layer}`)).text(), "layer");
  const manifest = manifestOf(config, layer);
  const byDigest = await ask("PUT", `/v2/blog/manifests/${digestOf(manifest)}`, { body: manifest });
  assert.equal(byDigest.status, 201);
  assert.equal(deploys.length, 0);
  const byTag = await ask("PUT", "/v2/blog/manifests/v1", { body: manifest });
  assert.equal(byTag.status, 201);
  assert.equal(byTag.headers.get("docker-content-digest"), digestOf(manifest));
  assert.deepEqual(
    deploys.map(({ repository, tag, manifest: sent }) => [repository, tag, String(sent)]),
    [["blog", "v1", manifest]],
  );
  const read = await ask("GET", "/v2/blog/manifests/v1");
  assert.equal(read.headers.get("content-type"), type);
  assert.equal(await read.text(), manifest);
  const tags = await ask("GET", "/v2/blog/tags/list");
  assert.deepEqual(await tags.json(), { name: "blog", tags: ["v1"] });
  assert.deepEqual(door.bugs, []);
});

test("a deploy that fails makes the push fail, with its words and without the tag", async (t) => {
  const door = await openedRegistry(t);
  const config = await pushBlob(door, "blog", "{}");
  const text = "deploy blog: container stopped with exit code 3; blog still runs release 1";
  door.endWith(async () => ({ isLive: false, text }));
  const failed = await door.ask("PUT", "/v2/blog/manifests/v1", { body: manifestOf(config) });
  assert.deepEqual(await errorOf(failed), [403, "DENIED", text]);
  assert.equal((await door.ask("HEAD", "/v2/blog/manifests/v1")).status, 404);
  door.endWith(async () => {
    throw new UserError("server: the worker does not answer", { code: "worker-away" });
  });
  const away = await door.ask("PUT", "/v2/blog/manifests/v1", { body: manifestOf(config) });
  assert.deepEqual(await errorOf(away), [503, "UNAVAILABLE", "server: the worker does not answer"]);
});

test("no repository learns or gets what another holds", async (t) => {
  const door = await openedRegistry(t);
  const config = await pushBlob(door, "blog", "{}");
  const layer = await pushBlob(door, "blog", "layer");
  assert.equal((await door.ask("HEAD", `/v2/api-1/blobs/${layer}`)).status, 404);
  const mount = await door.ask("POST", `/v2/api-1/blobs/uploads/?mount=${layer}&from=blog`);
  assert.equal(mount.status, 202);
  const own = await door.ask("POST", `/v2/blog/blobs/uploads/?mount=${layer}&from=blog`);
  assert.equal(own.status, 201);
  const put = await door.ask("PUT", "/v2/api-1/manifests/v1", { body: manifestOf(config, layer) });
  const message = `manifest: ${config} was not pushed to this repository`;
  assert.deepEqual(await errorOf(put), [404, "MANIFEST_BLOB_UNKNOWN", message]);
  assert.equal(door.deploys.length, 0);
});

test("what the worker has of a repository need not be sent again, and is not given back", async (t) => {
  const door = await openedRegistry(t);
  const digest = digestOf("old");
  door.known.set(`blog ${digest.slice(7)}`, 3);
  assert.equal((await door.ask("HEAD", `/v2/blog/blobs/${digest}`)).status, 200);
  assert.equal((await door.ask("GET", `/v2/blog/blobs/${digest}`)).status, 404);
  assert.equal((await door.ask("HEAD", `/v2/api-1/blobs/${digest}`)).status, 404);
});

test("a broken upload says how far it came and goes on there", async (t) => {
  const door = await openedRegistry(t);
  const begun = await door.ask("POST", "/v2/blog/blobs/uploads/");
  const place = begun.headers.get("location") ?? "";
  const broken = new ReadableStream<Uint8Array>({
    start: (controller) => {
      controller.enqueue(Buffer.from("first "));
    },
    pull: (controller) => controller.error(new Error("reset")),
  });
  const cut = await door.ask("PATCH", place, { body: broken, duplex: "half" });
  assert.equal(cut.status, 400);
  const status = await door.ask("GET", place);
  assert.deepEqual([status.status, status.headers.get("range")], [204, "0-5"]);
  const range = { "content-range": "0-5" };
  const wrong = await door.ask("PATCH", place, { body: "again ", headers: range });
  assert.deepEqual([wrong.status, wrong.headers.get("range")], [416, "0-5"]);
  const next = { "content-range": "6-11" };
  const on = await door.ask("PATCH", place, { body: "second", headers: next });
  assert.deepEqual([on.status, on.headers.get("range")], [202, "0-11"]);
  const digest = digestOf("first second");
  const put = await door.ask("PUT", `${place}?digest=${digest}`);
  assert.equal(put.status, 201);
  assert.equal(await (await door.ask("GET", `/v2/blog/blobs/${digest}`)).text(), "first second");
  assert.equal((await door.ask("GET", place)).status, 404);
});

test("wrong bytes, digests, tags and paths are refused, and leave nothing", async (t) => {
  const door = await openedRegistry(t);
  const { ask } = door;
  const hex = "00".repeat(32);
  const wrong = await ask("POST", `/v2/blog/blobs/uploads/?digest=sha256:${hex}`, { body: "x" });
  const found = digestOf("x");
  assert.deepEqual(await errorOf(wrong), [
    400,
    "DIGEST_INVALID",
    `upload: its bytes have the digest ${found} — push again`,
  ]);
  const [folder = ""] = readdirSync(door.dir);
  assert.deepEqual(readdirSync(`${door.dir}/${folder}`), []);
  const cases: readonly (readonly [string, string, readonly [number, string]])[] = [
    ["GET", `/v2/blog/blobs/sha512:${hex}`, [400, "DIGEST_INVALID"]],
    ["PUT", "/v2/blog/manifests/.x", [400, "TAG_INVALID"]],
    ["PUT", "/v2/blog/manifests/v1", [400, "MANIFEST_INVALID"]],
    ["DELETE", "/v2/blog/manifests/v1", [405, "UNSUPPORTED"]],
    ["GET", "/v2/_catalog", [404, "UNSUPPORTED"]],
    ["GET", "/v2/a/b/manifests/v1", [400, "NAME_INVALID"]],
    ["PATCH", "/v2/blog/blobs/uploads/..%2f..%2fx", [404, "BLOB_UPLOAD_UNKNOWN"]],
    ["PATCH", `/v2/blog/blobs/uploads/${"a".repeat(32)}`, [404, "BLOB_UPLOAD_UNKNOWN"]],
    ["GET", "/v2/blog/tags/list", [404, "NAME_UNKNOWN"]],
  ];
  for (const [method, path, expected] of cases) {
    const answer = await ask(method, path, method === "PUT" ? { body: "no" } : {});
    assert.deepEqual((await errorOf(answer)).slice(0, 2), expected, `${method} ${path}`);
  }
  assert.deepEqual(door.bugs, []);
});

test("nothing is taken from those without a token that fits", async (t) => {
  const door = await openedRegistry(t);
  const none = await door.app(new Request("http://paas.example.com/v2/"));
  assert.equal(none.headers.get("www-authenticate"), 'Basic realm="mypaas"');
  assert.deepEqual(await errorOf(none), [
    401,
    "UNAUTHORIZED",
    "this server takes images from those who have a token — make one where you push from: mypaas token create --services NAME, then: docker login -u token",
  ]);
  const stranger = await door.ask("GET", "/v2/", { auth: door.basic(tokenOf(softKey())) });
  assert.equal(stranger.status, 401);
  const bearer = await door.ask("GET", "/v2/", { auth: `Bearer ${door.token}` });
  assert.equal(bearer.status, 401);
  door.checkWith(async (_, repository) => {
    throw new UserError(`token ci: not allowed: push ${repository}`, { code: "forbidden" });
  });
  const other = await door.ask("POST", "/v2/blog/blobs/uploads/");
  assert.deepEqual(await errorOf(other), [403, "DENIED", "token ci: not allowed: push blog"]);
});

test("the worker is asked once in 15 s for one token", async (t) => {
  let now = Date.UTC(2026, 10, 28);
  const door = await openedRegistry(t, { now: () => now });
  let asked = 0;
  door.checkWith(async () => {
    asked += 1;
  });
  for (let times = 0; times < 3; times += 1) await door.ask("GET", "/v2/");
  assert.equal(asked, 1);
  now += 15_001;
  await door.ask("GET", "/v2/");
  assert.equal(asked, 2);
});

test("60 false tokens of a key in a minute close the gate to the others of that key only", async (t) => {
  let now = Date.UTC(2026, 10, 28);
  const door = await openedRegistry(t, { now: () => now });
  const status = async (token: string) =>
    (await door.ask("GET", "/v2/", { auth: door.basic(token) })).status;
  const other = tokenOf(door.key, { ...grant(), name: "other" });
  assert.equal(await status(door.token), 200);
  // Signed for something else: only the look at the signature finds it.
  const forged = tokenOf(door.key, {}, "git");
  const statuses: number[] = [];
  for (let times = 0; times < 62; times += 1) statuses.push(await status(forged));
  assert.deepEqual([statuses[0], statuses[59], statuses[60]], [401, 401, 429]);
  const refused = await door.ask("GET", "/v2/", { auth: door.basic(other) });
  assert.deepEqual(await errorOf(refused), [
    429,
    "TOOMANYREQUESTS",
    "token: signatures of its key: too many have failed in the last minute — try again in a minute",
  ]);
  // Those who are in stay in, and other keys are not meant.
  assert.deepEqual([await status(door.token), await status(door.colleagues)], [200, 200]);
  now += 60_000;
  assert.equal(await status(other), 200);
});

for (const [what, token] of [
  ["of keys that nobody enrolled", tokenOf(softKey(), grant())],
  ["that are none", "mpg_x.y"],
  ["of another form", "secret"],
] as const)
  test(`any number of tokens ${what} locks out nobody`, async (t) => {
    const door = await openedRegistry(t);
    for (let times = 0; times < 100; times += 1)
      assert.equal((await door.ask("GET", "/v2/", { auth: door.basic(token) })).status, 401);
    assert.equal((await door.ask("GET", "/v2/")).status, 200);
  });
