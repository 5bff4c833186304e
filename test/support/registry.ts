import { createHash } from "node:crypto";
import type { TestContext } from "node:test";
import { openSpool } from "../../src/adapters/spool/spool.ts";
import type { AskedDeploy, DeployEnd, ImageDoor } from "../../src/core/registry/door.ts";
import { parseAuthorizedKeys } from "../../src/core/ssh/authorized-keys.ts";
import { registryApp } from "../../src/receiver/registry/registry-app.ts";
import { createTokenGate } from "../../src/receiver/registry/token-gate.ts";
import { softKey } from "./signed.ts";
import { grant, tokenOf } from "./tokens.ts";
import { emptyDir } from "./wire.ts";

export const digestOf = (bytes: Uint8Array | string): string =>
  `sha256:${createHash("sha256").update(bytes).digest("hex")}`;

/** The receiver's door of images, with a worker that deploys nothing and says `end`. */
export async function openedRegistry(
  t: TestContext,
  more: { readonly now?: () => number; readonly services?: readonly string[] } = {},
) {
  const now = more.now ?? (() => Date.UTC(2026, 10, 28));
  const key = softKey();
  const { server } = grant();
  const services = more.services ?? ["blog", "api-*"];
  const created = now();
  const expires = created + 30 * 24 * 60 * 60_000;
  const token = tokenOf(key, { services, created, expires });
  const deploys: AskedDeploy[] = [];
  const bugs: unknown[] = [];
  const known = new Map<string, number>();
  let end: () => Promise<DeployEnd> = async () => ({ isLive: true, text: "live" });
  let check: ImageDoor["check"] = async () => undefined;
  const door: ImageDoor = {
    check: (...asked) => check(...asked),
    sizeOf: async ({ repository, sha256 }) => known.get(`${repository} ${sha256}`),
    deploy: async (asked) => {
      deploys.push(asked);
      return end();
    },
  };
  const dir = await emptyDir(t);
  const spool = await openSpool({ dir, limits: { reserve: 0 } });
  const colleague = softKey();
  const keys = async () => parseAuthorizedKeys(`${key.line}\n${colleague.line}`).keys;
  const clock = { now, sleep: (_: number, signal?: AbortSignal) => aborted(signal) };
  const open = () =>
    registryApp({
      gate: createTokenGate({ keys, server, now, check: door.check }),
      door,
      spool,
      clock,
      onBug: (error) => bugs.push(error),
    });
  const app = open();
  const basic = (password: string) => `Basic ${Buffer.from(`any:${password}`).toString("base64")}`;
  const ask = async (method: string, path: string, init: RequestInit & { auth?: string } = {}) => {
    const headers = new Headers(init.headers);
    headers.set("authorization", init.auth ?? basic(token));
    const url = path.startsWith("http") ? path : `http://paas.example.com${path}`;
    return app(new Request(url, { ...init, method, headers }));
  };
  return {
    app,
    ask,
    basic,
    bugs,
    deploys,
    dir,
    known,
    key,
    token,
    colleagues: tokenOf(colleague, { services, created, expires }),
    endWith: (next: typeof end) => void (end = next),
    checkWith: (next: typeof check) => void (check = next),
  };
}

/** A time that never comes. */
const aborted = (signal?: AbortSignal): Promise<void> =>
  new Promise((_, reject) => {
    signal?.addEventListener("abort", () => reject(signal.reason as Error));
  });
