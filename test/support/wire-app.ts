import type { TestContext } from "node:test";
import { openSpool } from "../../src/adapters/spool/spool.ts";
import { wireApp, type WireAppOptions } from "../../src/adapters/wire/app.ts";
import type { LoggedEvent } from "../../src/core/wire/events.ts";
import { wireBase, type WantedBlob } from "../../src/core/wire/protocol.ts";
import { emptyDir, fakeBackend, sha256, stoppedClock, token } from "./wire.ts";

export const request = sha256("a request");
export const bearer = { authorization: `Bearer ${token}` };
export const log: LoggedEvent[] = [
  { kind: "step", text: "building image", offset: 0, at: 1 },
  { kind: "unchanged", service: "web", release: 3, offset: 1, at: 2 },
];

/** The protocol in front of a fake backend that knows one request, with a spool of its own. */
export async function serve(
  t: TestContext,
  missing: readonly WantedBlob[] = [],
  more: Partial<WireAppOptions> = {},
) {
  const dir = await emptyDir(t);
  const spool = await openSpool({ dir });
  const { backend, calls } = fakeBackend({ request, missing }, log);
  const bugs: unknown[] = [];
  const clock = stoppedClock();
  const options = { backend, spool, requireSignature: true, clock, ...more };
  const app = wireApp({ ...options, onBug: (error) => void bugs.push(error) });
  const ask = async (path: string, init?: RequestInit) => {
    const answer = await app.request(`${wireBase}${path}`, init);
    return { status: answer.status, body: await answer.json() };
  };
  return { app, ask, calls, bugs, clock, dir, path: `/requests/${request}` };
}

/** What a refusal looks like from outside. */
export const refused = (status: number, code: string, message: string) => ({
  status,
  body: { error: { code, message } },
});

/** A body that waits for its next piece as long as the test likes. */
export function slowBody(...pieces: readonly (string | Uint8Array)[]) {
  let end: ReadableStreamDefaultController<Uint8Array> | undefined;
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => {
      end = controller;
      for (const piece of pieces) controller.enqueue(Buffer.from(piece));
    },
  });
  return {
    init: { body, duplex: "half" } as RequestInit,
    fail: () => end?.error(new Error("gone")),
  };
}
