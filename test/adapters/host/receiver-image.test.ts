import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { test } from "node:test";
import { extract } from "tar-stream";
import { receiverImage } from "../../../src/adapters/host/receiver-image.ts";

test("the image has one file, and runs the host's Node as an unprivileged user", async () => {
  const found: Record<string, string> = {};
  const tar = extract();
  const image = receiverImage(Buffer.from("a bundle"));
  const feeding = pipeline(Readable.from(image.tar()), tar);
  for await (const entry of tar) {
    const chunks: Buffer[] = [];
    for await (const chunk of entry) chunks.push(Buffer.from(chunk as Buffer));
    found[entry.header.name] = Buffer.concat(chunks).toString();
  }
  await feeding;
  assert.deepEqual(found, {
    Dockerfile: `FROM scratch
COPY receiver.mjs /receiver.mjs
ENV NODE_ENV=production LD_LIBRARY_PATH=/lib
USER 65532:65532
ENTRYPOINT ["/node","--jitless","--lite-mode","--max-semi-space-size=1","--max-old-space-size=96","/receiver.mjs"]
`,
    "receiver.mjs": "a bundle",
  });
});

test("the same content has the same hash, any other has another", () => {
  const hash = (bundle: string) => receiverImage(Buffer.from(bundle)).hash;
  assert.equal(hash("a"), hash("a"));
  assert.notEqual(hash("a"), hash("b"));
});
