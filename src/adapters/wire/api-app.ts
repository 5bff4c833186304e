import { createHash } from "node:crypto";
import { jsonFields } from "../../core/actions/fields.ts";
import type { Action, ActionOf, Results } from "../../core/actions/actions.ts";
import { findEndpoint, methodsAt, readAsked, type Found } from "../../core/api/asked.ts";
import type { ApiDoor, Performed } from "../../core/api/door.ts";
import { apiBase, readApiPath } from "../../core/api/endpoint.ts";
import {
  containerIn,
  containersOf,
  jobIn,
  serviceIn,
  servicesOf,
} from "../../core/api/snapshot.ts";
import { UserError } from "../../core/errors.ts";
import { prometheusText, prometheusType } from "../../core/metrics/prometheus.ts";
import type { Clock } from "../../deploy/ports.ts";
import { apiToken } from "./api-token.ts";
import { errorResponse } from "./errors.ts";
import { jsonLines, lineBody } from "./event-lines.ts";
import { bodyReader } from "./request-body.ts";
import { asSse, lastOffset, wantsSse } from "./server-sent.ts";

export interface ApiAppOptions {
  readonly door: ApiDoor;
  readonly clock: Clock;
  readonly onBug: (error: unknown) => void;
  /** The description of the API, as JSON. */
  readonly description: () => Promise<string>;
}

/** Limit of a body; values of many variables are in it. */
export const maxApiBody = 2 * 1024 * 1024;

/** Codes of the API, and those that are no error of the request there. */
const statuses = {
  "bad-token": 401,
  confirm: 400,
  "in-dockerfile": 405,
  method: 405,
  "no-service": 404,
  "no-container": 404,
  "no-job": 404,
  "no-link": 404,
  "no-release": 404,
  "belongs-to-release": 409,
  "nothing-to-cancel": 409,
  repeated: 409,
  "not-built": 501,
} as const;

/** The worker's side of the API, from a request to its answer. */
export function apiApp(options: ApiAppOptions): (request: Request) => Promise<Response> {
  const read = bodyReader(options.clock, 4 * maxApiBody);
  return async (request) => {
    try {
      return await read(request.body, maxApiBody, (body) => serve(options, request, body));
    } catch (error) {
      if (!(error instanceof UserError)) options.onBug(error);
      return apiRefusal(error, request);
    }
  };
}

/** The answer to a request that is refused. */
export function apiRefusal(error: unknown, request: Request): Response {
  const answer = errorResponse(error, statuses);
  if (answer.status === 401) answer.headers.set("www-authenticate", "Bearer");
  if (answer.status === 405) answer.headers.set("allow", methodsAt(pathOf(request)).join(", "));
  answer.headers.set("cache-control", "no-store");
  return answer;
}

/** The path of a request below the base of the API. */
const pathOf = ({ url }: Request): string => readApiPath(new URL(url).pathname)?.path ?? "";

async function serve(options: ApiAppOptions, request: Request, bytes: Buffer): Promise<Response> {
  const token = apiToken(request.headers.get("authorization"));
  const path = pathOf(request);
  if (path === "/openapi.json" && request.method === "GET") {
    // The token says whether anybody may know.
    await options.door.perform(token, { action: { action: "job.list", limit: 1 } });
    return answerWithTag(request, await options.description());
  }
  const found = findEndpoint(request.method, path);
  const body = readBody(bytes);
  const asked = readAsked(found, { query: new URL(request.url).searchParams, body });
  return answerTo({ ...options, request, token }, found, asked);
}

interface Asking extends ApiAppOptions {
  readonly request: Request;
  readonly token: string;
}

async function answerTo(asking: Asking, found: Found, asked: Action): Promise<Response> {
  const { door, request, token } = asking;
  const { does } = found.endpoint;
  switch (does.kind) {
    case "answer": {
      const { result } = await door.perform(token, { action: asked });
      return request.method === "GET" ? tagged(request, result) : json(200, result);
    }
    case "one-job": {
      const { result } = await door.perform(token, { action: asked });
      const { jobs } = result as Results["job.list"];
      return tagged(request, jobIn(jobs, found.parameters["job"] ?? ""));
    }
    case "prometheus": {
      const { result } = await door.perform(token, { action: asked });
      const text = prometheusText((result as Results["metrics"]).services);
      const headers = { "content-type": prometheusType, "cache-control": "no-store" };
      return new Response(text, { headers });
    }
    case "job": {
      const repeatKey = request.headers.get("idempotency-key") ?? undefined;
      return begun(await door.perform(token, { action: asked, repeatKey: checkedKey(repeatKey) }));
    }
    case "services":
    case "service":
    case "containers":
    case "container": {
      const snapshot = await door.snapshot(token, asked as ActionOf<"ps">);
      const { service = "", container = "" } = found.parameters;
      const parts = {
        services: () => servicesOf(snapshot),
        service: () => serviceIn(snapshot, service),
        containers: () => containersOf(snapshot),
        container: () => containerIn(snapshot, container),
      };
      return tagged(request, parts[does.kind]());
    }
    case "logs":
      return lines(asking, async (signal) => door.logs(token, asked as ActionOf<"logs">, signal));
    case "events": {
      const from = lastOffset(request.headers.get("last-event-id"));
      const log = asked as ActionOf<"job.log">;
      return lines(asking, async (signal) =>
        jsonLines(await door.events(token, log, from, signal)),
      );
    }
    case "refused":
      throw new Error("refused before");
  }
}

/** Something has begun, or nothing had to. */
function begun({ job, attached, result }: Performed): Response {
  if (job === undefined) return json(200, result ?? {});
  const more = attached === true ? { attached } : {};
  return json(202, { job, ...more }, { location: `${apiBase}/jobs/${job}` });
}

async function lines(
  { request, clock, onBug }: Asking,
  open: (signal: AbortSignal) => Promise<AsyncIterable<string>>,
): Promise<Response> {
  const gone = new AbortController();
  const opened = await open(AbortSignal.any([gone.signal, request.signal]));
  const isSse = wantsSse(request.headers.get("accept"));
  const text = isSse ? asSse(opened) : opened;
  const headers = {
    "content-type": isSse ? "text/event-stream" : "application/x-ndjson",
    "cache-control": "no-store",
  };
  return new Response(lineBody(text, { clock, onBug, gone }), { headers });
}

const json = (status: number, value: unknown, headers: Record<string, string> = {}): Response =>
  Response.json(value, { status, headers: { "cache-control": "no-store", ...headers } });

/** What changes at each look, and is no news. */
const volatile = new Set(["at", "now", "cpu", "memoryBytes", "upMs"]);

/** An answer with a tag that leaves out the time of the look. */
function tagged(request: Request, value: unknown): Response {
  const isNews = (key: string, one: unknown) => (volatile.has(key) ? undefined : one);
  return answerWithTag(request, JSON.stringify(value), JSON.stringify(value, isNews));
}

/** An answer with a weak tag, by which those that ask again get 304. */
function answerWithTag(request: Request, text: string, news = text): Response {
  const etag = `W/"${createHash("sha256").update(news).digest("base64url").slice(0, 22)}"`;
  const headers = { etag, "cache-control": "no-cache", "content-type": "application/json" };
  const known = request.headers.get("if-none-match")?.split(/\s*,\s*/) ?? [];
  if (known.includes(etag)) return new Response(null, { status: 304, headers });
  return new Response(text, { headers });
}

function readBody(bytes: Buffer): unknown {
  if (bytes.length === 0) return undefined;
  const fields = jsonFields(bytes.toString("utf8"));
  if (fields !== undefined) return fields;
  throw new UserError("body: should be a JSON object", { code: "bad-request" });
}

function checkedKey(key: string | undefined): string | undefined {
  if (key === undefined || /^[\x21-\x7e]{1,200}$/.test(key)) return key;
  throw new UserError("idempotency-key: should be one word of at most 200 characters", {
    code: "bad-request",
  });
}
