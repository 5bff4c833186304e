import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import type { PushManifest } from "../../src/core/actions/push.ts";
import type { WantedBlob } from "../../src/core/wire/protocol.ts";
import { askedFor, blobsOf, pushSource } from "../../src/sources/push.ts";
import { readSpec } from "../../src/sources/read-spec.ts";
import { asksForBuild } from "../../src/sources/source.ts";
import { refusal } from "../support/worker.ts";

const bytesOf = new Map<string, string>();
const blobs = {
  open: async function* open({ sha256 }: WantedBlob) {
    yield Buffer.from(bytesOf.get(sha256) ?? "");
  },
};

function entry(path: string, text: string) {
  const sha256 = createHash("sha256").update(text).digest("hex");
  bytesOf.set(sha256, text);
  return { path, mode: 0o644, size: Buffer.byteLength(text), sha256 };
}

const manifest = (text: string, more: Partial<PushManifest["options"]> = {}): PushManifest => ({
  dockerfile: "Dockerfile",
  entries: [entry("Dockerfile", text), entry("copy", text), { path: "link", link: "copy" }],
  options: { pull: false, noCache: false, ...more },
});
const source = (push: PushManifest) =>
  pushSource({ service: "web", push }, (blob) => blobs.open(blob));
const web = "# mypaas.servicename = web\nFROM x\n";

test("push: the source has the files of the manifest, and each blob is sent once", async () => {
  const push = manifest(web);
  assert.deepEqual(
    (await source(push).context()).map(({ path }) => path),
    ["Dockerfile", "copy", "link"],
  );
  assert.equal(source(push).describe(), "3 files, 68 B");
  assert.deepEqual(
    blobsOf(push).map(({ size }) => size),
    [34],
  );
  const spec = await readSpec(source(push).dockerfile, "web", () => assert.fail());
  assert.equal(spec.service, "web");
});

test("push: options do not change its content, but what it asks for", () => {
  const cases: readonly [
    options: Partial<PushManifest["options"]>,
    asked: string,
    build: boolean,
  ][] = [
    [{}, "c", false],
    [{ pull: true }, "c+pull", true],
    [{ noCache: true }, "c+no-cache", true],
    [{ takeFrom: "blog" }, "c+take-from blog", false],
  ];
  for (const [options, asked, build] of cases) {
    const push = manifest(web, options);
    assert.equal(source(push).id, source(manifest(web)).id);
    assert.equal(askedFor("c", push), asked);
    assert.equal(asksForBuild(source(push)), build, asked);
    assert.deepEqual(source(push).admission, {
      needsCertificates: true,
      takeFrom: options.takeFrom,
    });
  }
});

test("a Dockerfile of another service than the push was signed for is refused", async () => {
  const { dockerfile } = source(manifest(web));
  assert.equal(
    await refusal(() => readSpec({ ...dockerfile, path: "app/Dockerfile" }, "blog", () => {})),
    'app/Dockerfile: mypaas.servicename is "web", the push is for "blog"\nhint: push again, with the file as it is: mypaas push',
  );
});

test("a Dockerfile is refused with everything that is wrong in it", async () => {
  const { dockerfile } = source(
    manifest("# mypaas.servicename = web\n# mypaas.prot = 80\nFROM x\n"),
  );
  assert.match(await refusal(() => readSpec(dockerfile, "web", () => {})), /unknown key/);
});

test("push: a Dockerfile that nobody can have written is not read", async () => {
  const dockerfile = "deploy/Dockerfile";
  const entries = [{ path: dockerfile, mode: 0o644, size: 4_194_305, sha256: "0".repeat(64) }];
  const push = { dockerfile, entries, options: { pull: false, noCache: false } };
  assert.equal(
    await refusal(() => readSpec(source(push).dockerfile, "web", () => assert.fail())),
    "deploy/Dockerfile: 4194305 bytes, at most 4194304 are read\nhint: name a Dockerfile: mypaas push PATH",
  );
});
