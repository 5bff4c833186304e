import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import type { ManifestEntry } from "../../../src/core/actions/push.ts";
import { chooseImage, imagesOf } from "../../../src/core/image/archive.ts";

const sum = (text: string) => createHash("sha256").update(text).digest("hex");
const config = (architecture: string) =>
  JSON.stringify({ os: "linux", architecture, rootfs: { diff_ids: [] } });

/** An archive with these files; a text that begins with `->` is a link. */
function archive(files: Readonly<Record<string, string>>) {
  const texts = new Map(Object.values(files).map((text) => [sum(text), text]));
  const entries = Object.entries(files).map(([path, text]): ManifestEntry =>
    text.startsWith("->")
      ? { path, link: text.slice(2) }
      : { path, mode: 0o644, size: text.length, sha256: sum(text) },
  );
  const read = async ({ sha256 }: { readonly sha256: string }) =>
    Buffer.from(texts.get(sha256) ?? "");
  return imagesOf({ name: "web.tar", entries, read });
}

const docker = (Config: string, Layers: readonly string[], RepoTags: readonly string[] | null) =>
  JSON.stringify([{ Config, Layers, RepoTags }]);

test("a docker-archive has its layers in order, also where one is a link to another", async () => {
  const [image, ...more] = await archive({
    "manifest.json": docker("c.json", ["a/layer.tar", "b/layer.tar"], ["ann/web:2"]),
    "c.json": config("amd64"),
    "a/layer.tar": "one",
    "b/layer.tar": "->../a/layer.tar",
  });
  assert.deepEqual(more, []);
  assert.deepEqual(
    image?.layers.map(({ sha256 }) => sha256),
    [sum("one"), sum("one")],
  );
  assert.deepEqual([image?.platform, image?.tags], ["linux/amd64", ["ann/web:2"]]);
});

/** An OCI layout with an image for each of these processors in an index of its own, and an attestation. */
function layout(architectures: readonly string[]) {
  const files: Record<string, string> = {};
  const add = (text: string) => {
    files[`blobs/sha256/${sum(text)}`] = text;
    return { digest: `sha256:${sum(text)}`, size: text.length };
  };
  const manifests = architectures.map((one) => {
    const document = { config: add(config(one)), layers: [add(`layer of ${one}`)] };
    return { ...add(JSON.stringify(document)), platform: { os: "linux", architecture: one } };
  });
  const attestation = add(JSON.stringify({ config: add("{}"), layers: [] }));
  const unknown = { ...attestation, platform: { os: "unknown", architecture: "unknown" } };
  const inner = add(JSON.stringify({ manifests: [...manifests, unknown] }));
  const annotations = { "io.containerd.image.name": "docker.io/ann/web:2" };
  files["index.json"] = JSON.stringify({ manifests: [{ ...inner, annotations }] });
  return archive(files);
}

test("an OCI layout gives the image for the server's processor, and no attestation", async () => {
  const images = await layout(["arm64", "amd64"]);
  assert.deepEqual(
    images.map(({ platform }) => platform),
    ["linux/arm64", "linux/amd64"],
  );
  const chosen = chooseImage(images, "linux/amd64", "web.tar");
  assert.deepEqual(chosen.layers[0]?.sha256, sum("layer of amd64"));
  assert.deepEqual(chosen.tags, ["docker.io/ann/web:2"]);
  assert.equal(chooseImage(await layout(["arm64"]), "linux/amd64", "x").platform, "linux/arm64");
});

test("what is no archive of one image is refused in words", async () => {
  const cases: readonly [files: Readonly<Record<string, string>>, message: string][] = [
    [{ a: "b" }, "no archive of an image: neither manifest.json nor index.json is in it"],
    [{ "manifest.json": "{" }, "a part of it is not JSON"],
    [{ "manifest.json": "[]" }, "no image is in it"],
    [
      { "manifest.json": docker("../../etc/passwd", [], null) },
      'a part is missing: "../../etc/passwd"',
    ],
    [
      { "manifest.json": docker("c", ["x"], null), c: config("amd64"), x: "->/etc/passwd" },
      'a part is missing: "x"',
    ],
    [{ "index.json": '{"manifests":[{}]}' }, 'a part is missing: "blobs/undefined"'],
  ];
  for (const [files, what] of cases)
    await assert.rejects(
      archive(files).then((images) => chooseImage(images, undefined, "web.tar")),
      { message: `image web.tar: ${what}` },
    );
  const two = await layout(["amd64", "amd64"]);
  assert.throws(() => chooseImage(two, "linux/amd64", "web.tar"), {
    message: "image web.tar: 2 images are in it: docker.io/ann/web:2, docker.io/ann/web:2",
  });
});
