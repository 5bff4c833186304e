import { Hono, type Context } from "hono";
import { UserError } from "../../core/errors.ts";
import {
  maxBatchBytes,
  maxRequestBytes,
  signatureHeader,
  wireBase,
  type Accepted,
  type Backend,
  type WantedBlob,
} from "../../core/wire/protocol.ts";
import type { Clock } from "../../deploy/ports.ts";
import { eventLines, lineBody } from "./event-lines.ts";
import { pacedBody, readWhole, uploadPace } from "./request-body.ts";
import type { Spool } from "../spool/spool.ts";
import { receiveBatch, receiveRange } from "../spool/uploads.ts";
import { errorResponse } from "./errors.ts";

export interface WireAppOptions {
  readonly backend: Backend;
  /** Undefined where nothing may be uploaded: on the socket between receiver and worker. */
  readonly spool: Spool | undefined;
  readonly requireSignature: boolean;
  /** Of this mypaas, for laptops; undefined where the backend's answers hold it already. */
  readonly version?: string;
  readonly clock: Clock;
  /** Told about everything thrown that is not a UserError. */
  readonly onBug: (error: unknown) => void;
  /** Looks at a signature before the body that it is for is read; may refuse. */
  readonly admit?: (signature: Uint8Array) => Promise<void>;
  /** Which blobs a request may upload, where that is known without asking the backend. */
  readonly wanted?: (request: string, token: string) => Promise<readonly WantedBlob[]>;
}

/** All request bodies that are being read at the same time, together. */
const maxBufferedBytes = 2 * maxRequestBytes;
/** A tar adds a header to each blob; a batch of tiny files is mostly headers. */
const maxBatchBodyBytes = 4 * maxBatchBytes;

/** Serves the protocol of core/wire/protocol.ts; call it as a function with `app.request`, or through any server of hono's. */
export function wireApp(options: WireAppOptions): Hono {
  const { backend, spool, clock } = options;
  const pace = { ...uploadPace, clock };
  const app = new Hono().basePath(wireBase);
  let buffered = 0;
  const answer = async (accepted: Accepted): Promise<Accepted> => ({
    ...(await stillMissing(accepted, spool)),
    ...(options.version !== undefined && { version: options.version }),
  });

  app.post("/requests", async (c) => {
    const signature = options.requireSignature ? readSignature(c) : undefined;
    if (signature) await options.admit?.(signature);
    let own = 0;
    try {
      const body = pacedBody(c.req.raw.body, { pace, maxBytes: maxRequestBytes });
      const bytes = await readWhole(body, (length) => {
        if (buffered + length > maxBufferedBytes)
          throw new UserError("server: too many requests at once", { code: "busy" });
        buffered += length;
        own += length;
      });
      return c.json(await answer(await backend.accept(bytes, signature)));
    } finally {
      buffered -= own;
    }
  });

  app.get("/requests/:id", async (c) =>
    c.json(await answer(await backend.status(c.req.param("id"), readToken(c)))),
  );

  app.post("/requests/:id/start", async (c) => {
    const id = c.req.param("id");
    const accepted = await backend.start(id, readToken(c));
    // A job exists once the backend has taken every blob, so the uploads have served.
    if (accepted.job !== undefined) await spool?.drop(id);
    return c.json(await answer(accepted));
  });

  app.get("/requests/:id/events", async (c) => {
    const from = wholeNumber(c.req.query("from") ?? "0", "from");
    const gone = new AbortController();
    const signal = AbortSignal.any([gone.signal, c.req.raw.signal]);
    const events = await backend.events(c.req.param("id"), readToken(c), from, signal);
    const lines = eventLines(events, { clock, onBug: options.onBug, gone });
    return c.body(lines, 200, { "content-type": "application/x-ndjson" });
  });

  app.get("/requests/:id/stream", async (c) => {
    const from = c.req.query("from") ?? "";
    const gone = new AbortController();
    const signal = AbortSignal.any([gone.signal, c.req.raw.signal]);
    const lines = await backend.stream(c.req.param("id"), readToken(c), from, signal);
    const body = lineBody(lines, { clock, onBug: options.onBug, gone });
    return c.body(body, 200, { "content-type": "application/x-ndjson" });
  });

  if (spool) {
    const wanted =
      options.wanted ??
      (async (id: string, token: string) => (await backend.status(id, token)).missing);

    app.put("/requests/:id/blobs", async (c) => {
      const id = c.req.param("id");
      const allowed = await wanted(id, readToken(c));
      const body = pacedBody(c.req.raw.body, { pace, maxBytes: maxBatchBodyBytes });
      return c.json({
        received: await receiveBatch({ spool, request: id, wanted: allowed, body }),
      });
    });

    app.get("/requests/:id/blobs/:sha256", async (c) => {
      const id = c.req.param("id");
      const blob = pick(await wanted(id, readToken(c)), c.req.param("sha256"));
      return c.json({ have: await spool.have(id, blob) });
    });

    app.put("/requests/:id/blobs/:sha256", async (c) => {
      const id = c.req.param("id");
      const blob = pick(await wanted(id, readToken(c)), c.req.param("sha256"));
      const range = readRange(c.req.header("content-range"), blob);
      const body = pacedBody(c.req.raw.body, { pace, maxBytes: range.length });
      return c.json({ have: await receiveRange({ spool, request: id, blob, range, body }) });
    });
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

async function stillMissing(accepted: Accepted, spool: Spool | undefined): Promise<Accepted> {
  if (!spool || accepted.missing.length === 0) return accepted;
  const here = await spool.received(accepted.request);
  return { ...accepted, missing: accepted.missing.filter((blob) => !here.has(blob.sha256)) };
}

function readToken(c: Context): string {
  const token = /^Bearer ([\x21-\x7e]{16,512})$/.exec(c.req.header("authorization") ?? "")?.[1];
  if (token !== undefined) return token;
  throw new UserError("request: carries no bearer token", { code: "unauthorized" });
}

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
  throw new UserError(
    `content-range: should be "bytes A-B/${blob.size}", got ${JSON.stringify((header ?? "").slice(0, 80))}`,
    { code: "bad-request" },
  );
}

function wholeNumber(text: string, name: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new UserError(
    `${name}: should be a whole number, got ${JSON.stringify(text.slice(0, 40))}`,
    {
      code: "bad-request",
    },
  );
}
