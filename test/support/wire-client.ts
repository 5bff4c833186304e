import { mkdtemp, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { readSourceTree, type SourceTree } from "../../src/adapters/laptop/source-tree.ts";
import { createWireClient } from "../../src/adapters/wire/client.ts";
import type { Target } from "../../src/adapters/wire/pool.ts";
import { upload } from "../../src/adapters/wire/upload.ts";
import type { UploadEvent } from "../../src/core/wire/events.ts";
import { hashToken } from "../../src/core/wire/request.ts";
import type { Action } from "../../src/core/actions/actions.ts";
import { fakeWireServer, type FakeServerOptions } from "./fake-wire-server.ts";

export const token = "t".repeat(43);
export const signal = new AbortController().signal;
export const pausesMs = [0, 0, 0, 0];
export const server = "0123456789abcdef";

export const bodyOf = (action: Action) => {
  const head = { v: 1, server, created: 1, nonce: "0".repeat(32), tokenHash: hashToken(token) };
  return Buffer.from(JSON.stringify({ ...head, ...action }));
};

export function open(t: TestContext, target: Target) {
  const client = createWireClient({ target, place: "prod", signal, pausesMs });
  t.after(client.close);
  return client;
}

export async function onSocket(t: TestContext, options: FakeServerOptions = {}) {
  const fake = await fakeWireServer(t, options);
  const { path } = await fake.listenOnSocket();
  return { fake, client: open(t, { kind: "socket", path }) };
}

export async function tree(t: TestContext, files: Readonly<Record<string, string | Buffer>>) {
  const context = await mkdtemp(join(tmpdir(), "mypaas-up-"));
  t.after(() => rm(context, { recursive: true }));
  for (const [name, data] of Object.entries({ Dockerfile: "FROM x\n", ...files })) {
    await writeFile(join(context, name), data);
    // The bytes of younger files are kept.
    await utimes(join(context, name), 1, 1);
  }
  return readSourceTree({ dockerfile: join(context, "Dockerfile"), context });
}

export const pushOf = ({ entries, dockerfile }: SourceTree): Action => ({
  action: "push",
  service: "web",
  push: { entries, dockerfile, options: { pull: false, noCache: false } },
});

/** A push that is accepted and ready to be sent. */
export async function push(t: TestContext, source: SourceTree, options: FakeServerOptions = {}) {
  const { fake, client } = await onSocket(t, options);
  const accepted = await client.accept(bodyOf(pushOf(source)), undefined, "safe");
  const request = client.request(accepted.request, token);
  const progress: UploadEvent[] = [];
  let now = 0;
  const send = () =>
    upload({
      request,
      missing: accepted.missing,
      files: source.files,
      onProgress: (event) => progress.push(event),
      now: () => (now += 1),
      signal,
      pausesMs,
    });
  return { fake, request, send, progress };
}
