import { Agent, type IncomingMessage } from "node:http";
import { Readable } from "node:stream";
import { apiRefusal, maxApiBody } from "../../adapters/wire/api-app.ts";
import { apiToken } from "../../adapters/wire/api-token.ts";
import { bodyReader } from "../../adapters/wire/request-body.ts";
import { askWorker } from "../../adapters/wire/upstream.ts";
import { apiBase, readApiPath } from "../../core/api/endpoint.ts";
import { UserError } from "../../core/errors.ts";
import type { Clock } from "../../deploy/ports.ts";

export interface ApiParts {
  /** Throws UserError for a token that the worker would not take. */
  readonly check: (token: string) => Promise<void>;
  /** The worker. */
  readonly socketPath: string;
  readonly clock: Clock;
  readonly onBug: (error: unknown) => void;
}

/** Headers that reach the worker; it needs no others. */
const passedOn = [
  "authorization",
  "accept",
  "content-type",
  "idempotency-key",
  "if-none-match",
  "last-event-id",
] as const;

const passedBack = [
  "content-type",
  "cache-control",
  "etag",
  "allow",
  "retry-after",
  "www-authenticate",
] as const;

/** The API as the internet reaches it: it looks whether there is a token, and passes the request on. It has no rights, so it decides nothing. */
export function apiPassage(parts: ApiParts): (request: Request) => Promise<Response> {
  const { check, socketPath, clock, onBug } = parts;
  const agent = new Agent({ keepAlive: true, maxSockets: 64, maxFreeSockets: 4 });
  const readBody = bodyReader(clock, 4 * maxApiBody);
  const pass = async (request: Request): Promise<Response> => {
    await check(apiToken(request.headers.get("authorization")));
    const url = new URL(request.url);
    const { base = apiBase, path = "" } = readApiPath(url.pathname) ?? {};
    const given = passedOn.map((name) => [name, request.headers.get(name)] as const);
    const headers = Object.fromEntries(given.filter(([, value]) => value !== null)) as Record<
      string,
      string
    >;
    return readBody(request.body, maxApiBody, async (body) => {
      const answer = await askWorker({
        method: request.method,
        headers,
        body,
        socketPath,
        agent,
        path: `${apiBase}${path}${url.search}`,
        signal: request.signal,
        isAnswer: () => true,
      });
      return answerOf(answer, base);
    });
  };
  return async (request) => {
    try {
      return await pass(request);
    } catch (error) {
      if (!(error instanceof UserError)) onBug(error);
      return apiRefusal(error, request);
    }
  };
}

function answerOf(answer: IncomingMessage, base: string): Response {
  const status = answer.statusCode ?? 502;
  const headers = new Headers();
  for (const name of passedBack) {
    const value = answer.headers[name];
    if (typeof value === "string") headers.set(name, value);
  }
  const { location } = answer.headers;
  if (location !== undefined) headers.set("location", location.replace(apiBase, base));
  if (status === 304) {
    answer.resume();
    return new Response(null, { status, headers });
  }
  return new Response(Readable.toWeb(answer), { status, headers });
}
