import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test, type TestContext } from "node:test";
import { zstdCompressSync } from "node:zlib";
import { isThere } from "../../../src/adapters/files.ts";
import { openImage } from "../../../src/cli/push/open-image.ts";
import type { Event } from "../../../src/core/wire/events.ts";
import { tarOf } from "../../support/tar-bytes.ts";
import { fakeWorld } from "../../support/world.ts";

const sum = (bytes: string | Buffer) => createHash("sha256").update(bytes).digest("hex");
const options = { pull: false, noCache: false };

async function opened(
  t: TestContext,
  architecture: string,
  { labels = {}, packed }: { readonly labels?: object; readonly packed?: Buffer } = {},
) {
  const cwd = await mkdtemp(join(tmpdir(), "open-image-"));
  t.after(() => rm(cwd, { recursive: true }));
  const layer = packed ?? (await tarOf([{ name: "a", data: "b" }]));
  const config = JSON.stringify({
    os: "linux",
    architecture,
    config: { Labels: labels },
    rootfs: { diff_ids: [`sha256:${sum(layer)}`] },
  });
  const manifest = [{ Config: "c.json", Layers: ["l.tar"], RepoTags: ["ann/web:2"] }];
  const members = [
    { name: "l.tar", data: layer },
    { name: "c.json", data: config },
    { name: "manifest.json", data: JSON.stringify(manifest) },
  ];
  await writeFile(join(cwd, "web.tar"), await tarOf(members));
  const said: Event[] = [];
  const io = {
    world: fakeWorld({ cwd }),
    say: (event: Event) => void said.push(event),
    answer: () => assert.fail(),
    json: false,
  };
  const server = { engine: "20.10.24", buildkit: true, platform: "linux/amd64" };
  const source = { image: "web.tar", service: undefined, options, server };
  return { opening: openImage(source, io), said, config, layer };
}

test("an archive becomes a push of its config and layers, and nothing of it stays after its end", async (t) => {
  const revision = "a".repeat(40);
  const labels = { "mypaas.scale": "2", "org.opencontainers.image.revision": revision };
  const { opening, said, config, layer } = await opened(t, "amd64", { labels });
  const { spec, first, from } = await opening;
  assert.deepEqual([spec.service, spec.scale], ["web", { kind: "roll", replicas: 2 }]);
  assert.deepEqual(from, { kind: "image", commit: revision });
  assert.deepEqual(
    first.push.entries.map((entry) => ("sha256" in entry ? entry.sha256 : "")).slice(1),
    [sum(config), sum(layer)],
  );
  assert.deepEqual([...first.tree.files.values()].map(({ size }) => size).slice(1), [
    config.length,
    layer.length,
  ]);
  assert.deepEqual(
    said.map((event) => ("text" in event ? event.text : event.kind)),
    ["reading image web.tar …", "found 1 layer, 2 kB, for service web"],
  );
  const [file] = first.tree.files.values();
  first.tree.close();
  assert.equal(await isThere(dirname(file?.absolute ?? "")), false);
});

test("an image for another processor is refused", async (t) => {
  const { opening } = await opened(t, "arm64");
  await assert.rejects(opening, {
    message: "image web.tar: is for linux/arm64, this server is linux/amd64",
  });
});

test("a layer in zstd is refused where Docker on the server is too old for it", async (t) => {
  const packed = zstdCompressSync(await tarOf([{ name: "a", data: "b" }]));
  const { opening } = await opened(t, "amd64", { packed });
  await assert.rejects(opening, { message: /^image web.tar: a layer is compressed with zstd/ });
});
