import assert from "node:assert/strict";
import { test } from "node:test";
import { UserError } from "../../../src/core/errors.ts";
import { readImageConfig } from "../../../src/core/image/image-config.ts";
import { refusePlatform, refuseZstd } from "../../../src/core/image/refusals.ts";
import { imageSettings, nameOfImage } from "../../../src/core/image/settings.ts";

interface Said {
  readonly Labels?: Readonly<Record<string, string>>;
  readonly ExposedPorts?: object;
  readonly Volumes?: object;
}

const id = "c".repeat(64);

function settings(
  config: Said,
  more: { readonly name?: string | undefined; readonly isGiven?: boolean } = {},
) {
  const text = JSON.stringify({
    os: "linux",
    architecture: "amd64",
    config,
    rootfs: { type: "layers", diff_ids: [] },
  });
  const read = readImageConfig(Buffer.from(text), "ann/web:2");
  return imageSettings(read, { image: "ann/web:2", id, name: "web", isGiven: false, ...more });
}

/** The error as the command line prints it. */
function refused(config: Said, more?: Parameters<typeof settings>[1]): string {
  try {
    settings(config, more);
  } catch (error) {
    assert.ok(error instanceof UserError);
    const { message, details } = error;
    return [message, ...details, `hint: ${String(error.hint)}`].join("\n");
  }
  return "taken";
}

test("an image without a label gets a name, the server's domain and port 8080", () => {
  const { spec, dockerfile, warnings } = settings({});
  assert.equal(
    dockerfile,
    `# mypaas.servicename = web\n# mypaas.domain = auto\n# mypaas.port = 8080\nFROM sha256:${id}\n`,
  );
  assert.deepEqual(warnings, []);
  assert.deepEqual([spec.service, spec.port], ["web", 8080]);
});

test("labels are the keys of comments, one value a line; EXPOSE is the port", () => {
  const { dockerfile } = settings({
    Labels: {
      "mypaas.servicename": "shop",
      "mypaas.domain": "a.example.com\nb.example.com",
      "mypaas.scale": "2",
      maintainer: "ann",
    },
    ExposedPorts: { "5000/tcp": {}, "53/udp": {} },
  });
  assert.deepEqual(dockerfile.split("\n").slice(0, -2), [
    "# mypaas.domain = a.example.com",
    "# mypaas.domain = b.example.com",
    "# mypaas.scale = 2",
    "# mypaas.servicename = shop",
  ]);
});

test("a worker process gets no domain, and labels of an image that mypaas built are no keys", () => {
  const worker = settings({ Labels: { "mypaas.port": "none" } }).spec;
  assert.deepEqual([worker.routes, worker.port], [[], "none"]);
  const { dockerfile } = settings({
    Labels: { "mypaas.instance": "mypaas", "mypaas.service": "old", "mypaas.release": "3" },
  });
  assert.match(dockerfile, /^# mypaas.servicename = web\n# mypaas.domain = auto\n/);
});

test("what is wrong in a label is said with its name, never with a line", () => {
  const cases: readonly [labels: Readonly<Record<string, string>>, said: RegExp][] = [
    [
      { "mypaas.prot": "80" },
      /^image label mypaas.prot: unknown key\nhint: did you mean mypaas.port\?$/,
    ],
    [
      { "mypaas.port": "80a" },
      /^image label mypaas.port: should be a whole number from 1 to 65535, or none, got "80a"\nhint/,
    ],
    [
      { "mypaas.port": "" },
      /^image label mypaas.port: has no value\nhint: write: LABEL mypaas.port="value"$/,
    ],
    [
      { "mypaas.service": "a-b", "mypaas.servicename": "cd" },
      /^image label mypaas.servicename: already set by label mypaas.service\nhint: keep one of the two/,
    ],
    [
      { "mypaas.port": "none", "mypaas.domain": "a.example.com" },
      /^image label mypaas.port: none, but mypaas.domain needs a port\nhint/,
    ],
    [{ "mypaas.x\nRUN id": "1" }, /^image label mypaas.x\?RUN\?id: unknown key\nhint/],
    [
      { "mypaas.port": "1", "mypaas.PORT": "2", "mypaas.prot": "1" },
      /^image ann\/web:2: 2 problems\nimage label mypaas.port: already set by label mypaas.PORT\n {2}hint: .*\nimage label mypaas.prot: unknown key\n/,
    ],
    [
      { "traefik.http.routers.x.rule": "Host(`a`)" },
      /^image label traefik.http.routers.x.rule: Traefik would read it as a route\nhint/,
    ],
  ];
  for (const [Labels, said] of cases) {
    const text = refused({ Labels });
    assert.match(text, said);
    assert.doesNotMatch(text, /\bline \d|:\d+:\d+/);
  }
});

test("a name on the command line must be that of the label", () => {
  const Labels = { "mypaas.servicename": "shop" };
  assert.equal(
    refused({ Labels }, { name: "web", isGiven: true }),
    'image label mypaas.servicename: is "shop", the command says "web"\nhint: leave the name out: mypaas push --image ann/web:2',
  );
  assert.equal(settings({ Labels }, { name: "shop", isGiven: true }).spec.service, "shop");
  assert.equal(settings({}, { name: "blog", isGiven: true }).spec.service, "blog");
});

test("an image without a name, and without a label that says it, is refused", () => {
  assert.equal(
    refused({}, { name: undefined }),
    "image ann/web:2: nothing says the name of its service\nhint: say it: mypaas push --image ann/web:2 NAME",
  );
});

test("a VOLUME needs a label that says what becomes of its data", () => {
  assert.equal(
    refused({ Volumes: { "/data": {} } }),
    'image ann/web:2: it declares VOLUME /data, and no mypaas.volume covers it, so data would be lost\nhint: to keep its data, write: LABEL mypaas.volume="data:/data" — to throw it away with each container: LABEL mypaas.volume="none:/data"',
  );
  const Labels = { "mypaas.volume": "data:/data" };
  assert.equal(settings({ Volumes: { "/data": {} }, Labels }).spec.volumes.length, 1);
});

test("an image is named after the last part of its repository", () => {
  const cases: readonly [reference: string, name: string | undefined][] = [
    ["web", "web"],
    ["3f2a1b0c9d8e", undefined],
    ["sha256:" + id, undefined],
    ["ann/r1-r2", undefined],
    ["ann/web:2", "web"],
    ["localhost:5000/ann/Web_App", "web-app"],
    ["ghcr.io/ann/web@sha256:" + id, "web"],
    ["localhost:5000/web:2@sha256:" + id, "web"],
  ];
  for (const [reference, name] of cases) assert.equal(nameOfImage(reference), name);
});

test("what is no config of an image is refused in words", () => {
  const cases: readonly [text: string, said: string][] = [
    ["{", "image web: a part of it is not JSON"],
    ["{}", "image web: its config names no platform"],
    ['{"os":"linux","architecture":"arm64"}', "image web: its config names no layers"],
  ];
  for (const [text, message] of cases)
    assert.throws(() => readImageConfig(Buffer.from(text), "web"), { message });
});

test("another processor and zstd on an old engine are refused with the cure", () => {
  assert.throws(() => refusePlatform({ platform: "linux/arm64" }, "linux/amd64", "web"), {
    message: "image web: is for linux/arm64, this server is linux/amd64",
    hint: "build it for the server: docker build --platform linux/amd64 …",
  });
  assert.throws(() => refuseZstd("20.10.24", "web"), {
    message:
      "image web: a layer is compressed with zstd, which Docker 20.10.24 on the server cannot read",
  });
  refuseZstd("23.0.1", "web");
});
