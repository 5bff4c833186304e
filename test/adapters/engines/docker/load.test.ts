import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test, type TestContext } from "node:test";
import { extract } from "tar-stream";
import { text } from "node:stream/consumers";
import { Readable } from "node:stream";
import { gzipSync } from "node:zlib";
import { createEngine } from "../../../../src/adapters/engines/docker/engine.ts";
import { startFakeDocker, type FakeAnswer } from "../../../support/fake-docker.ts";

const part = (bytes: string | Uint8Array) => ({
  sha256: createHash("sha256").update(bytes).digest("hex"),
  size: Buffer.byteLength(bytes),
  open: () => Readable.from([Buffer.from(bytes)]),
});
const layer = part("a layer");
const diffIds = [`sha256:${layer.sha256}`];
const configOf = (architecture: string, ids = diffIds) =>
  part(JSON.stringify({ os: "linux", architecture, rootfs: { diff_ids: ids } }));
const config = configOf("amd64");

interface Answers {
  readonly load?: FakeAnswer;
  readonly Id?: string;
  readonly Layers?: readonly string[];
}

async function engineWith(t: TestContext, { load, Id, Layers }: Answers = {}) {
  const archives: Buffer[] = [];
  const docker = await startFakeDocker({
    "GET /version": () => ({ body: { Version: "20.10.24", Os: "linux", Arch: "amd64" } }),
    "POST /images/load": ({ body }) => {
      archives.push(body);
      return load ?? { body: { stream: "Loaded image: t/web:r1\n" } };
    },
    "GET /images/*/*/json": () => ({
      body: { Id: Id ?? `sha256:${config.sha256}`, RootFS: { Layers }, Config: { User: "node" } },
    }),
    "DELETE /images/*/*": () => ({ body: [] }),
  });
  t.after(docker.close);
  const engine = createEngine({ instance: "t", socketPath: docker.socketPath });
  const { signal } = new AbortController();
  return {
    archives,
    seen: docker.seen,
    load: (more: object = {}) =>
      engine.load({ reference: "t/web:r1", config, layers: [layer], signal, ...more }),
  };
}

async function filesOf(archive: Buffer | undefined): Promise<Readonly<Record<string, string>>> {
  const files: Record<string, string> = {};
  for await (const entry of Readable.from([archive]).pipe(extract()))
    files[entry.header.name] = await text(entry);
  return files;
}

test("an image is loaded under our own name and no other, each layer once", async (t) => {
  const twice = configOf("amd64", [...diffIds, ...diffIds]);
  const { load, archives } = await engineWith(t, { Id: `sha256:${twice.sha256}` });
  const facts = await load({ config: twice, layers: [layer, layer] });
  assert.deepEqual([facts.id, facts.user], [`sha256:${twice.sha256}`, "node"]);
  const files = await filesOf(archives[0]);
  const path = `${layer.sha256}/layer.tar`;
  assert.deepEqual(Object.keys(files), ["manifest.json", `${twice.sha256}.json`, path]);
  assert.deepEqual(JSON.parse(files["manifest.json"] ?? ""), [
    { Config: `${twice.sha256}.json`, RepoTags: ["t/web:r1"], Layers: [path, path] },
  ]);
});

test("a layer may be compressed", async (t) => {
  const { load, archives } = await engineWith(t);
  await load({ layers: [part(gzipSync("a layer"))] });
  assert.equal(archives.length, 1);
});

test("an engine that names images by their manifests is asked for the layers", async (t) => {
  const { load } = await engineWith(t, { Id: "sha256:other", Layers: diffIds });
  assert.equal((await load()).id, "sha256:other");
});

test("an engine that made another image keeps nothing of it", async (t) => {
  const { load, seen } = await engineWith(t, { Id: "sha256:other", Layers: ["sha256:x"] });
  await assert.rejects(load(), {
    message: "image t/web:r1: Docker made another image out of its parts",
  });
  assert.equal(seen.at(-1), "DELETE /images/t/web:r1");
});

test("what this server cannot run is refused before the engine gets a byte", async (t) => {
  const { load, archives } = await engineWith(t);
  const zstd = part(Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd));
  const cases: readonly [more: object, message: RegExp][] = [
    [{ config: configOf("arm64") }, /is for linux\/arm64, this server is linux\/amd64$/],
    [{ layers: [zstd] }, /compressed with zstd, which Docker 20.10.24 on the server cannot read$/],
    [{ layers: [part("another layer")] }, /layer \w{12}: is not the one that its config names$/],
    [{ layers: [part(gzipSync("another"))] }, /is not the one that its config names$/],
    [{ layers: [part(gzipSync("a layer").subarray(0, 15))] }, /layer \w{12}: cannot be unpacked$/],
    [{ layers: [] }, /its config names 1 layers, and it has 0$/],
    [{ config: part("x") }, /a part of it is not JSON$/],
    [{ reference: "other/web:r1" }, /not of instance "t"$/],
  ];
  for (const [more, message] of cases) await assert.rejects(load(more), { message });
  assert.equal(archives.length, 0);
});

test("a full disk and a layer that the engine refuses are said in words", async (t) => {
  const failing = async (message: string) => {
    const { load } = await engineWith(t, { load: { body: { errorDetail: { message } } } });
    return load();
  };
  await assert.rejects(failing("write /x: no space left on device"), {
    message: "image t/web:r1: no space left on the server's disk",
    code: "disk-full",
  });
  await assert.rejects(failing("invalid diffID for layer 0"), {
    message: "image t/web:r1: Docker does not take it: invalid diffID for layer 0",
  });
});

test("damaged bytes break the load, and their own reason is said", async (t) => {
  const { load } = await engineWith(t);
  const open = async function* open() {
    yield Buffer.from("a l");
    throw new Error("blob: damaged");
  };
  await assert.rejects(load({ layers: [{ ...layer, open }] }), { message: "blob: damaged" });
});
