import { Hono, type Context } from "hono";
import { UserError } from "../../core/errors.ts";
import {
  maxRequestBytes,
  signatureHeader,
  wireBase,
  type Accepted,
  type WantedBlob,
} from "../../core/wire/protocol.ts";
import {
  isWorkerRoute,
  routeNames,
  routes,
  type Backend,
  type Calls,
  type Route,
  type RoutesOf,
} from "../../core/wire/routes.ts";
import { hookHeaders } from "../../core/links/webhook.ts";
import type { Clock } from "../../deploy/ports.ts";
import { jsonLines, lineBody } from "./event-lines.ts";
import { bodyReader, pacedBody, uploadPace } from "./request-body.ts";
import type { Spool } from "../spool/spool.ts";
import { receiveBatch } from "../spool/uploads.ts";
import { bearerToken, errorResponse } from "./errors.ts";

export interface WireAppOptions {
  readonly backend: Backend;
  /** Undefined on the socket between receiver and worker, where nothing is uploaded. */
  readonly spool: Spool | undefined;
  readonly requireSignature: boolean;
  /** Of this mypaas, for laptops; undefined where the backend's answers hold it already. */
  readonly version?: string;
  readonly clock: Clock;
  /** Called with every error that is not a UserError. */
  readonly onBug: (error: unknown) => void;
  /** Checks a signature before the body is read; may refuse it. */
  readonly admit?: (signature: Uint8Array) => Promise<void>;
  /** The blobs that a request may upload; asked of the backend when left out. */
  readonly wanted?: (request: string, token: string) => Promise<readonly WantedBlob[]>;
}

/** Limit of all request bodies together that are read at the same time. */
const maxBufferedBytes = 2 * maxRequestBytes;

/** Serves the routes of core/wire/routes.ts; call it as a function with `app.request`, or through any server of hono's. */
export function wireApp(options: WireAppOptions): Hono {
  const { spool } = options;
  const app = new Hono().basePath(wireBase);
  const backend = spool === undefined ? options.backend : withUploads(options.backend, spool);
  const serve = workerHandlers(options);
  for (const name of routeNames.filter(isWorkerRoute)) {
    const route: Route = routes[name];
    const handlerOf: (call: never, route: Route) => Handler = serve[routes[name].kind];
    app.on(route.method, route.path, handlerOf(backend[name] as never, route));
  }
  if (spool !== undefined)
    for (const [name, handler] of Object.entries(uploadHandlers(options, spool))) {
      const { method, path } = routes[name as RoutesOf<"upload">];
      app.on(method, path, handler);
    }
  app.notFound(() =>
    errorResponse(new UserError("path: not part of the protocol", { code: "not-found" })),
  );
  app.onError((error) => {
    if (!(error instanceof UserError)) options.onBug(error);
    return errorResponse(error);
  });
  return app;
}

type Handler = (c: Context) => Promise<Response>;

/** Makes the handler of a route that the worker answers, by the kind of the route. */
type WorkerHandlers = {
  readonly [K in keyof Calls<Accepted>]: (call: Calls<Accepted>[K], route: Route) => Handler;
};

function workerHandlers(options: WireAppOptions): WorkerHandlers {
  const { clock, onBug, version } = options;
  const readBody = bodyReader(clock, maxBufferedBytes);
  const accepted = (answer: Accepted): Response =>
    Response.json({ ...answer, ...(version !== undefined && { version }) });
  const lineAnswer = async (
    c: Context,
    open: (signal: AbortSignal) => Promise<AsyncIterable<string>>,
  ) => {
    const gone = new AbortController();
    const lines = await open(AbortSignal.any([gone.signal, c.req.raw.signal]));
    const body = lineBody(lines, { clock, onBug, gone });
    return c.body(body, 200, { "content-type": "application/x-ndjson" });
  };
  return {
    signed:
      (call, { maxBytes = 0 }) =>
      async (c) => {
        const signature = options.requireSignature ? readSignature(c) : undefined;
        if (signature) await options.admit?.(signature);
        return readBody(c.req.raw.body, maxBytes, async (bytes) =>
          accepted(await call(bytes, signature)),
        );
      },
    json: (call) => async (c) => accepted(await call(parameter(c, "id"), readToken(c))),
    events: (call) => async (c) => {
      const from = wholeNumber(c.req.query("from") ?? "0", "from");
      return lineAnswer(c, async (signal) =>
        jsonLines(await call(parameter(c, "id"), readToken(c), from, signal)),
      );
    },
    hook:
      (call, { maxBytes = 0 }) =>
      (c) =>
        readBody(c.req.raw.body, maxBytes, async (bytes) => {
          const given = hookHeaders.map((name) => [name, c.req.header(name)] as const);
          const headers = Object.fromEntries(given.filter(([, value]) => value !== undefined));
          const answer = await call(parameter(c, "id"), headers, bytes);
          return Response.json(answer, { status: "job" in answer ? 202 : 200 });
        }),
    lines: (call) => async (c) => {
      const from = c.req.query("from") ?? "";
      return lineAnswer(c, (signal) => call(parameter(c, "id"), readToken(c), from, signal));
    },
  };
}

/** Serves the uploads of requests that the backend has accepted. */
function uploadHandlers(
  {
    backend,
    wanted = async (id, token) => (await backend.status(id, token)).missing,
    clock,
  }: WireAppOptions,
  spool: Spool,
): { readonly [N in RoutesOf<"upload">]: Handler } {
  const pace = { ...uploadPace, clock };
  const wantedBlob = async (c: Context) => {
    const request = parameter(c, "id");
    const blob = pick(await wanted(request, readToken(c)), parameter(c, "sha256"));
    return { request, blob };
  };
  return {
    putBatch: async (c) => {
      const request = parameter(c, "id");
      const allowed = await wanted(request, readToken(c));
      const { maxBytes } = routes.putBatch;
      const body = pacedBody(c.req.raw.body, { pace, maxBytes });
      return c.json({ received: await receiveBatch({ spool, request, wanted: allowed, body }) });
    },
    have: async (c) => {
      const { request, blob } = await wantedBlob(c);
      return c.json({ have: await spool.have(request, blob) });
    },
    putRange: async (c) => {
      const { request, blob } = await wantedBlob(c);
      const range = readRange(c.req.header("content-range"), blob);
      const bytes = pacedBody(c.req.raw.body, { pace, maxBytes: range.length });
      return c.json({ have: await spool.write({ request, blob, range, bytes }) });
    },
  };
}

/** A backend whose answers leave out the blobs that were uploaded here. */
function withUploads(backend: Backend, spool: Spool): Backend {
  const stillMissing = async (accepted: Accepted): Promise<Accepted> => {
    if (accepted.missing.length === 0) return accepted;
    const here = await spool.received(accepted.request);
    return { ...accepted, missing: accepted.missing.filter((blob) => !here.has(blob.sha256)) };
  };
  return {
    ...backend,
    accept: async (body, signature) => stillMissing(await backend.accept(body, signature)),
    status: async (request, token) => stillMissing(await backend.status(request, token)),
    start: async (request, token) => {
      const accepted = await backend.start(request, token);
      // A job exists once the backend has copied every blob, so the uploads are not needed any more.
      if (accepted.job !== undefined) await spool.drop(request);
      return stillMissing(accepted);
    },
  };
}

/** A parameter of the route's path, which hono has matched. */
const parameter = (c: Context, name: string): string => c.req.param(name) ?? "";

const readToken = (c: Context): string => bearerToken(c.req.header("authorization"));

function readSignature(c: Context): Uint8Array {
  const text = c.req.header(signatureHeader);
  if (text === undefined)
    throw new UserError("request: carries no signature", { code: "unauthorized" });
  if (!/^[A-Za-z0-9+/]{4,10000}={0,2}$/.test(text))
    throw new UserError(`${signatureHeader}: should be base64`, { code: "bad-request" });
  return Buffer.from(text, "base64");
}

function pick(wanted: readonly WantedBlob[], sha256: string): WantedBlob {
  const blob = wanted.find((candidate) => candidate.sha256 === sha256);
  if (blob) return blob;
  throw new UserError(`blob ${JSON.stringify(sha256.slice(0, 80))}: not wanted by this request`, {
    code: "not-found",
  });
}

function readRange(header: string | undefined, blob: WantedBlob) {
  const [, from, to, size] = /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15})$/.exec(header ?? "") ?? [];
  const at = Number(from);
  const length = Number(to) - at + 1;
  if (length >= 1 && at + length <= blob.size && Number(size) === blob.size) return { at, length };
  const got = JSON.stringify((header ?? "").slice(0, 80));
  const problem = `content-range: should be "bytes A-B/${blob.size}", got ${got}`;
  throw new UserError(problem, { code: "bad-request" });
}

function wholeNumber(text: string, name: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  const got = JSON.stringify(text.slice(0, 40));
  throw new UserError(`${name}: should be a whole number, got ${got}`, { code: "bad-request" });
}
