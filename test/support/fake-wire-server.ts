import { createServer as createHttp, type RequestListener, type Server } from "node:http";
import { createServer as createHttps } from "node:https";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createHash, X509Certificate } from "node:crypto";
import { getRequestListener } from "@hono/node-server";
import type { TestContext } from "node:test";
import { generate } from "selfsigned";
import { openSpool } from "../../src/adapters/spool/spool.ts";
import { wireApp } from "../../src/adapters/wire/app.ts";
import { UserError } from "../../src/core/errors.ts";
import type { Event, LoggedEvent } from "../../src/core/wire/events.ts";
import { hashToken, parseRequest, requestId } from "../../src/core/wire/request.ts";
import type { Action } from "../../src/core/actions/actions.ts";
import type { Accepted, Request } from "../../src/core/wire/protocol.ts";
import type { Backend } from "../../src/core/wire/routes.ts";
import { refusingBackend } from "./wire.ts";

const actionOf = (request: Request): Action => {
  const { v: _v, server: _s, created: _c, nonce: _n, tokenHash: _t, ...action } = request;
  return action;
};

export interface FakeServerOptions {
  /** What the job says; the last one ends it. */
  readonly events?: readonly Event[];
  /** Result of every action that is not a push. */
  readonly result?: unknown;
  /** What every action that is not a push becomes or joins. */
  readonly job?: { readonly job: number; readonly attached?: boolean };
  /** Sees each request first; true: it has dealt with it. */
  readonly before?: (
    request: Parameters<RequestListener>[0],
    answer: Parameters<RequestListener>[1],
  ) => boolean;
  /** Lines of what each connection to a stream gets, by the cursor that it asked with; it breaks off behind them. */
  readonly stream?: (from: string) => readonly string[];
  /** Hashes that the server has already. */
  readonly known?: ReadonlySet<string>;
  readonly signed?: boolean;
  /** Throws for what the server refuses. */
  readonly refuse?: (request: Request) => void;
  /** What it says of itself with the answer to a push; the first servers say nothing. */
  readonly version?: string;
}

/** The server's side of the protocol with the real receiver's code and a worker that is only a memory. */
export async function fakeWireServer(t: TestContext, options: FakeServerOptions = {}) {
  const folder = await mkdtemp(join(tmpdir(), "mypaas-server-"));
  const requests = new Map<string, Request>();
  const signatures: (Uint8Array | undefined)[] = [];
  const log: string[] = [];
  const limits = { dir: join(folder, "spool") };
  const spool = await openSpool(limits);
  const find = (id: string, token: string): Request => {
    const request = requests.get(id);
    if (!request || hashToken(token) !== request.tokenHash)
      throw new UserError("token: not the one of this request", { code: "unauthorized" });
    return request;
  };
  const missing = (request: Request) =>
    request.action !== "push"
      ? []
      : [
          ...new Map(
            request.push.entries.flatMap((e) => ("link" in e ? [] : [[e.sha256, e] as const])),
          ).values(),
        ]
          .filter((e) => !options.known?.has(e.sha256))
          .map(({ sha256, size }) => ({ sha256, size }));
  const backend: Backend = {
    ...refusingBackend,
    accept: async (body, signature) => {
      const id = requestId(body);
      signatures.push(signature);
      requests.set(id, parseRequest(body));
      const request = parseRequest(body);
      options.refuse?.(request);
      const version = options.version && { version: options.version };
      if (request.action === "push") return { request: id, missing: missing(request), ...version };
      if (options.job !== undefined)
        return { request: id, missing: [], ...options.job, result: options.result };
      return { request: id, missing: [], result: options.result, ...version };
    },
    status: async (id, token) => ({ request: id, missing: missing(find(id, token)) }),
    start: async (id, token): Promise<Accepted> => {
      const request = find(id, token);
      const here = await spool.received(id);
      const left = missing(request).filter((blob) => !here.has(blob.sha256));
      if (left.length > 0) throw new UserError("push: blobs are missing", { code: "conflict" });
      return { request: id, missing: [], job: 7 };
    },
    events: async (id, token, from) => {
      find(id, token);
      return (async function* (): AsyncGenerator<LoggedEvent> {
        for (const [offset, event] of (options.events ?? []).entries())
          if (offset >= from) yield { ...event, offset, at: 0 };
      })();
    },
    stream: async (id, token, from) => {
      find(id, token);
      const lines = options.stream?.(from) ?? [];
      return (async function* () {
        for (const line of lines) yield `${line}\n`;
      })();
    },
  };
  const clock = { now: () => Date.now(), sleep: () => new Promise<void>(() => {}) };
  const requireSignature = options.signed ?? false;
  const onBug = (error: unknown) => log.push(`bug: ${String(error)}`);
  const app = wireApp({ backend, spool, requireSignature, clock, onBug });
  const inner = getRequestListener(app.fetch);
  const listener: RequestListener = (request, answer) => {
    log.push(`${request.method ?? ""} ${(request.url ?? "").replace(/[0-9a-f]{64}/g, "X")}`);
    if (options.before?.(request, answer) !== true) void inner(request, answer);
  };
  const servers: Server[] = [];
  t.after(async () => {
    for (const server of servers) {
      server.closeAllConnections();
      server.close();
    }
    await rm(folder, { recursive: true, force: true });
  });
  return {
    requests,
    /** What was asked so far, without the heads of the requests. */
    asked: () => [...requests.values()].map(actionOf),
    signatures,
    log,
    listenOnSocket: async () => {
      const server = createHttp(listener);
      servers.push(server);
      await mkdir(join(folder, "local"));
      const path = join(folder, "local", "local.sock");
      await new Promise<void>((done) => server.listen(path, done));
      return { runDir: folder, path };
    },
    listenOnTls: async () => {
      const { private: key, cert } = await generate([{ name: "commonName", value: "localhost" }], {
        keyType: "ec",
        extensions: [{ name: "subjectAltName", altNames: [{ type: 2, value: "localhost" }] }],
      });
      const names: string[] = [];
      const server = createHttps(
        {
          key,
          cert,
          SNICallback: (name, done) => {
            names.push(name);
            done(null);
          },
        },
        listener,
      );
      servers.push(server);
      await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
      const { port } = server.address() as AddressInfo;
      const spki = new X509Certificate(cert).publicKey.export({ type: "spki", format: "der" });
      const pin = createHash("sha256").update(spki).digest("base64url");
      return { origin: `https://127.0.0.1:${port}`, port, pin, cert, names };
    },
  };
}
