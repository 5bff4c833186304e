import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { openSpool } from "../../../src/adapters/spool/spool.ts";
import { emptyDir, sha256 } from "../../support/wire.ts";

const request = sha256("a repository");
const mib = 1024 ** 2;

async function* bytesOf(text: string) {
  yield await Promise.resolve(Buffer.from(text));
}

async function opened(t: TestContext) {
  const disk = { free: 1024 * mib };
  // An upload claims 64 MiB while it arrives, whatever it says.
  const limits = { reserve: mib, perRequest: 64 * mib + 1500 };
  const freeBytes = async () => disk.free;
  const { unnamed } = await openSpool({ dir: await emptyDir(t), limits, freeBytes });
  const send = async (text: string) => {
    const upload = await unnamed.begin(request);
    await unnamed.append({ request, upload, at: 0, bytes: bytesOf(text) });
    return upload;
  };
  return { disk, unnamed, send };
}

test("on a full disk an upload is given up, found wrong or found there already, and its bytes count no more", async (t) => {
  const { disk, unnamed, send } = await opened(t);
  const text = "x".repeat(400);
  await unnamed.finish(request, await send(text), sha256(text));
  const [again, wrong, given] = [await send(text), await send(text), await send(text)];
  disk.free = 0;
  await unnamed.finish(request, again, sha256(text));
  await assert.rejects(unnamed.finish(request, wrong, sha256("y")), { code: "bad-blob" });
  await unnamed.discard(request, given);
  await assert.rejects(send("more"), { code: "disk-full" });
  disk.free = 1024 * mib;
  await send(text);
  assert.equal(await unnamed.sizeOf(request, given), undefined);
});

test("more uploads at a time than hashes are kept for are finished all the same", async (t) => {
  const { unnamed } = await opened(t);
  const uploads = [];
  for (const number of Array(210).keys()) {
    const one = sha256(`repository ${Math.floor(number / 90)}`);
    const upload = await unnamed.begin(one);
    await unnamed.append({ request: one, upload, at: 0, bytes: bytesOf(`upload ${number}`) });
    uploads.push({ one, upload, number });
  }
  for (const { one, upload, number } of uploads)
    await unnamed.finish(one, upload, sha256(`upload ${number}`));
});
