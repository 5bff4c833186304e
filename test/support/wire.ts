import { createHash } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { pack, type Header } from "tar-stream";
import { UserError } from "../../src/core/errors.ts";
import type { LoggedEvent } from "../../src/core/wire/events.ts";
import type { Accepted, WantedBlob } from "../../src/core/wire/protocol.ts";
import { isWorkerRoute, routeNames, type Backend } from "../../src/core/wire/routes.ts";
import type { Clock } from "../../src/deploy/ports.ts";

export const sha256 = (data: Uint8Array | string): string =>
  createHash("sha256").update(data).digest("hex");

export const blobOf = (data: Uint8Array | string): WantedBlob => ({
  sha256: sha256(data),
  size: Buffer.byteLength(data),
});

/** An empty directory that goes with the test. */
export async function emptyDir(t: TestContext): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), "mypaas-"));
  t.after(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

/** A clock that stands still until `pass` is called. */
export function stoppedClock() {
  let now = 1_000_000;
  const sleepers = new Set<{ readonly at: number; readonly wake: () => void }>();
  const clock: Clock = {
    now: () => now,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        const sleeper = { at: now + ms, wake: resolve };
        sleepers.add(sleeper);
        signal?.addEventListener("abort", () => {
          sleepers.delete(sleeper);
          reject(new Error("aborted"));
        });
      }),
  };
  return {
    ...clock,
    pass: async (ms: number) => {
      await settle();
      now += ms;
      for (const sleeper of sleepers)
        if (sleeper.at <= now) {
          sleepers.delete(sleeper);
          sleeper.wake();
        }
      await settle();
    },
  };
}

/** Lets everything that is ready run, real files included. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

/** A tar archive of the entries given. */
export async function tarOf(
  entries: readonly (Partial<Header> & {
    readonly name: string;
    readonly data?: string | Buffer;
  })[],
): Promise<Buffer> {
  const tar = pack();
  for (const { data, ...header } of entries) tar.entry(header, data ?? "");
  tar.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of tar) chunks.push(Buffer.from(chunk as Buffer));
  return Buffer.concat(chunks);
}

export const token = "t0ken-t0ken-t0ken-t0ken";

/** A backend that refuses every call; fakes replace the calls that they expect. */
export const refusingBackend = Object.fromEntries(
  routeNames
    .filter(isWorkerRoute)
    .map((name) => [name, () => Promise.reject(new Error(`${name} is not expected`))]),
) as unknown as Backend;

/** A backend that knows one request and notes what it is asked. */
export function fakeBackend(accepted: Accepted, events: readonly LoggedEvent[] = []) {
  const calls: unknown[] = [];
  const check = (request: string, given: string): Accepted => {
    if (given !== token)
      throw new UserError("token: not the one of this request", { code: "unauthorized" });
    if (request !== accepted.request)
      throw new UserError("request: not known here", { code: "not-found" });
    return accepted;
  };
  const backend: Backend = {
    ...refusingBackend,
    accept: async (body, signature) => {
      calls.push([
        "accept",
        Buffer.from(body).toString(),
        signature && Buffer.from(signature).toString(),
      ]);
      return accepted;
    },
    status: async (request, given) => check(request, given),
    start: async (request, given) => {
      calls.push(["start", request]);
      return { ...check(request, given), missing: [], job: 7 };
    },
    events: async (request, given, from) => {
      check(request, given);
      return (async function* () {
        yield* events.slice(from);
      })();
    },
    stream: async (request, given, from) => {
      calls.push(["stream", from]);
      check(request, given);
      return (async function* () {
        yield* ['{"n":1}\n{"n":2}\n', '{"n":"–"}\n'];
      })();
    },
  };
  return { backend, calls };
}
