import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { text } from "node:stream/consumers";
import { Readable } from "node:stream";
import { imagePush } from "../../src/core/image/push.ts";
import { checkManifest } from "../../src/core/push/manifest.ts";
import { blobsOf } from "../../src/sources/push.ts";
import { sentSource } from "../../src/sources/image.ts";
import { asksForBuild } from "../../src/sources/source.ts";

const digest = (content: string) => createHash("sha256").update(content).digest("hex");
const layer = (content: string) => ({ sha256: digest(content), size: content.length });
const options = { pull: false, noCache: false };

function push(layers: readonly string[]) {
  const config = Buffer.from(
    JSON.stringify({
      os: "linux",
      architecture: "amd64",
      rootfs: { diff_ids: layers.map((one) => `sha256:${digest(one)}`) },
    }),
  );
  const image = "ann/web";
  return imagePush({ image, config, layers: layers.map(layer), name: "web", isGiven: false });
}

test("an image is pushed as its settings, its config and each layer once", () => {
  const { push: manifest, spec, small } = push(["one", "two", "one"]);
  const sent = { ...manifest, options };
  assert.equal(spec.service, "web");
  assert.deepEqual(checkManifest(sent), []);
  assert.equal(manifest.image?.layers.length, 3);
  assert.equal(blobsOf(sent).length, 4);
  assert.deepEqual(
    small.map(({ blob, bytes }) => blob.sha256 === digest(String(bytes))),
    [true, true],
  );
});

test("the source of such a push is the parts of the image, in order, and never built", async () => {
  const made = { ...push(["one", "two", "one"]).push, options };
  const opened = { service: "web", push: made };
  const source = sentSource(opened, ({ sha256 }) => Readable.from([sha256]));
  assert.equal(source.kind, "image");
  assert.ok("parts" in source);
  const [first, , third] = source.parts.layers;
  assert.equal(first?.sha256, digest("one"));
  assert.deepEqual({ ...third, open: 0 }, { ...first, open: 0 });
  assert.equal(await text(Readable.from(first?.open() ?? [])), digest("one"));
  assert.equal(source.describe(), "3 layers, 9 B");
  assert.equal(asksForBuild(source), false);
  const other = { ...opened, push: { ...made, image: { config: "config.json", layers: [] } } };
  assert.notEqual(sentSource(other, () => Readable.from([])).id, source.id);
});

test("a manifest names the parts of an image among its files", () => {
  const { push: manifest } = push(["one"]);
  const image = { config: "config.json", layers: ["layers/x"] };
  assert.deepEqual(checkManifest({ ...manifest, options, image }), [
    'image: "layers/x" is not a file',
  ]);
});
