import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { test } from "node:test";
import { extract } from "tar-stream";
import { dockerfileOf, receiverImage } from "../../src/adapters/receiver-image.ts";
import { emptyDir } from "../support/wire.ts";

test("the image holds Node, its libraries where they were, and one file of ours", async (t) => {
  const dir = await emptyDir(t);
  const [execPath, library] = [join(dir, "node"), join(dir, "libc.so.6")];
  await writeFile(execPath, "a program");
  await writeFile(library, "a library");
  const world = { execPath, sharedObjects: () => [library, execPath, library] };
  const image = await receiverImage(world, Buffer.from("a bundle"));
  const found: Record<string, string> = {};
  const tar = extract();
  const feeding = pipeline(Readable.from(image.tar()), tar);
  for await (const entry of tar) {
    const chunks: Buffer[] = [];
    for await (const chunk of entry) chunks.push(Buffer.from(chunk as Buffer));
    found[entry.header.name] = Buffer.concat(chunks).toString();
  }
  await feeding;
  assert.deepEqual(found, {
    Dockerfile: image.dockerfile,
    "root/node": "a program",
    [`root${library}`]: "a library",
    "root/receiver.mjs": "a bundle",
  });
});

test("the same content has the same hash, any other has another", async (t) => {
  const execPath = join(await emptyDir(t), "node");
  const world = { execPath, sharedObjects: () => [] };
  const hash = async (program: string, bundle: string) => {
    await writeFile(execPath, program);
    return (await receiverImage(world, Buffer.from(bundle))).hash;
  };
  const first = await hash("a", "b");
  assert.equal(await hash("a", "b"), first);
  assert.notEqual(await hash("b", "b"), first);
  assert.notEqual(await hash("a", "c"), first);
});

test("the Dockerfile runs Node as a user without name or rights", () => {
  const files = [
    { path: "/node", from: "/usr/bin/node" },
    { path: "/lib/x/libc.so.6", from: "/lib/x/libc.so.6" },
    { path: "/lib/x/libm.so.6", from: "/lib/x/libm.so.6" },
    { path: "/lib64/ld.so", from: "/lib64/ld.so" },
    { path: "/receiver.mjs", bytes: Buffer.alloc(0) },
  ];
  assert.equal(
    dockerfileOf(files),
    `FROM scratch
COPY root/ /
ENV LD_LIBRARY_PATH=/lib/x:/lib64
ENV NODE_ENV=production
USER 65532:65532
ENTRYPOINT ["/node","--jitless","--lite-mode","--max-semi-space-size=1","--max-old-space-size=96","/receiver.mjs"]
`,
  );
});
