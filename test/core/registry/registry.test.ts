import assert from "node:assert/strict";
import { test } from "node:test";
import { UserError } from "../../../src/core/errors.ts";
import {
  pickPlatform,
  readManifest,
  refuseOtherArtifact,
} from "../../../src/core/registry/manifest.ts";
import {
  isRegistryUrl,
  isRepository,
  isTag,
  readRegistryPath,
  sha256Of,
} from "../../../src/core/registry/paths.ts";
import { refusalBody, refusalOf } from "../../../src/core/registry/refusal.ts";

const hex = "ab".repeat(32);
const digest = `sha256:${hex}`;

test("the paths of the distribution API are read, and no others", () => {
  const cases: readonly (readonly [string, unknown])[] = [
    ["/v2", { kind: "base" }],
    ["/v2/", { kind: "base" }],
    ["/v2/blog/blobs/uploads/", { kind: "uploads", repository: "blog" }],
    ["/v2/blog/blobs/uploads", { kind: "uploads", repository: "blog" }],
    ["/v2/blog/blobs/uploads/id", { kind: "upload", repository: "blog", upload: "id" }],
    [`/v2/blog/blobs/${digest}`, { kind: "blob", repository: "blog", digest }],
    ["/v2/blog/manifests/v1", { kind: "manifest", repository: "blog", reference: "v1" }],
    ["/v2/a/b/manifests/v1", { kind: "manifest", repository: "a/b", reference: "v1" }],
    ["/v2/blog/tags/list", { kind: "tags", repository: "blog" }],
    ["/v2/blog/tags/other", undefined],
    ["/v2/blog/blobs/", undefined],
    ["/v2/blog/referrers/x", undefined],
    ["/v2/_catalog", undefined],
  ];
  for (const [path, read] of cases) assert.deepEqual(readRegistryPath(path), read, path);
  const urls = ["http://a/v2", "http://a/v2/", "http://a/v2/x", "http://a/v20", "http://a/x/v2/"];
  assert.deepEqual(urls.map(isRegistryUrl), [true, true, true, false, false]);
});

test("names, tags and digests are what they should be", () => {
  assert.deepEqual(["blog", "a.b-c", "a/b", "..", "A", ""].map(isRepository), [
    true,
    true,
    false,
    false,
    false,
    false,
  ]);
  assert.deepEqual(["v1", "_x", ".x", "a/b", "x".repeat(129)].map(isTag), [
    true,
    true,
    false,
    false,
    false,
  ]);
  assert.equal(sha256Of(digest), hex);
  assert.equal(sha256Of("sha512:ab"), undefined);
});

const config = { mediaType: "application/vnd.oci.image.config.v1+json", digest, size: 3 };
const read = (value: unknown) => readManifest(Buffer.from(JSON.stringify(value)));
const refused = (work: () => unknown) => {
  try {
    work();
    return "";
  } catch (error) {
    assert.ok(error instanceof UserError);
    return error.hint === undefined ? error.message : `${error.message} — ${error.hint}`;
  }
};

test("a manifest is read in both forms, and broken ones are refused in words", () => {
  const layer = { mediaType: "x", digest, size: 5 };
  assert.deepEqual(read({ schemaVersion: 2, config, layers: [layer] }), {
    kind: "image",
    mediaType: "application/vnd.oci.image.manifest.v1+json",
    config: { mediaType: config.mediaType, sha256: hex, size: 3 },
    layers: [{ mediaType: "x", sha256: hex, size: 5 }],
  });
  const cases: readonly (readonly [unknown, string])[] = [
    [1, "manifest: not JSON"],
    [{ schemaVersion: 1 }, "manifest: schemaVersion: only 2 is taken — use a newer docker"],
    [{ schemaVersion: 2 }, "manifest: config: a digest should be sha256 in hex"],
    [{ schemaVersion: 2, config }, "manifest: layers: should be a list"],
    [
      { schemaVersion: 2, config: { ...config, size: -1 }, layers: [] },
      "manifest: config: a size should be a whole number",
    ],
    [{ schemaVersion: 2, manifests: {} }, "manifest: manifests: should be a list"],
  ];
  for (const [value, message] of cases)
    assert.equal(
      refused(() => read(value)),
      message,
    );
});

test("an index has the image for this server, or says what it has", () => {
  const of = (...platforms: readonly string[]) =>
    read({
      schemaVersion: 2,
      manifests: platforms.map((one) => {
        const [os, architecture] = one.split("/");
        return { ...config, platform: { os, architecture } };
      }),
    });
  const both = of("linux/arm64", "linux/amd64", "unknown/unknown");
  assert.ok(both.kind === "index");
  assert.equal(pickPlatform(both, "linux/amd64", "a:1").platform, "linux/amd64");
  const arm = of("linux/arm64", "unknown/unknown");
  assert.ok(arm.kind === "index");
  assert.equal(
    refused(() => pickPlatform(arm, "linux/amd64", "a:1")),
    "image a:1: is for linux/arm64, this server is linux/amd64 — build it for the server: docker build --platform linux/amd64 …",
  );
});

test("what is no image of a program is refused", () => {
  const cosign = read({
    schemaVersion: 2,
    config: { ...config, mediaType: "application/vnd.dev.cosign" },
    layers: [],
  });
  assert.ok(cosign.kind === "image");
  assert.equal(
    refused(() => refuseOtherArtifact(cosign, "a:1")),
    "image a:1: is no image of a program but application/vnd.dev.cosign — push the image itself, with a tag",
  );
});

test("a layer that is to be fetched elsewhere is read, and no image with one is deployed", () => {
  const layer = { mediaType: "x", digest, size: 5, urls: ["https://a.test/layer"] };
  const manifest = read({ schemaVersion: 2, config, layers: [layer] });
  assert.ok(manifest.kind === "image");
  assert.deepEqual(manifest.layers[0]?.isElsewhere, true);
  assert.equal(
    refused(() => refuseOtherArtifact(manifest, "a:1")),
    `image a:1: its layer sha256:${hex} is to be fetched elsewhere — push an image whose layers are all in it`,
  );
});

test("an error becomes a refusal that clients print, a bug says nothing of itself", () => {
  const forbidden = refusalOf(
    new UserError("no", { code: "forbidden", hint: "yes", details: ["x"] }),
  );
  assert.equal(forbidden.status, 403);
  assert.equal(refusalBody(forbidden), '{"errors":[{"code":"DENIED","message":"no; x — yes"}]}');
  const token = refusalOf(new UserError("no", { code: "bad-token" }));
  assert.deepEqual(
    [token.status, token.headers],
    [401, { "www-authenticate": 'Basic realm="mypaas"' }],
  );
  const broken = refusalOf(new Error("secret"));
  assert.deepEqual([broken.status, broken.message], [500, "server: ran into a bug of its own"]);
});
