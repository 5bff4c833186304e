import { UserError } from "../../core/errors.ts";
import type { ErrorAnswer } from "../../core/wire/protocol.ts";
import { hintFields, hintOf } from "../../core/hints.ts";

/** The HTTP status of each code a refusal may carry; a code that is not here is the request's own fault (422). */
const statuses: Readonly<Record<string, number>> = {
  "bad-request": 400,
  "wrong-server": 400,
  clock: 400,
  "bad-blob": 400,
  unauthorized: 401,
  "unknown-key": 401,
  "bad-signature": 401,
  "expired-key": 401,
  forbidden: 403,
  "not-found": 404,
  stalled: 408,
  replayed: 409,
  conflict: 409,
  "too-large": 413,
  "too-many": 429,
  busy: 503,
  "worker-away": 503,
  "disk-full": 507,
};

/** Turns a refusal into what the protocol sends; anything but a UserError is a bug, of which nothing is told. */
export function errorResponse(error: unknown): Response {
  const told = errorAnswer(error);
  return answer(told.code === "bug" ? 500 : (statuses[told.code] ?? 422), told);
}

/** The same without its status, for a line that is open already. */
export function errorAnswer(error: unknown): ErrorAnswer["error"] {
  if (isDiskFull(error)) return diskFull;
  if (!(error instanceof UserError))
    return { code: "bug", message: "server: ran into a bug of its own" };
  return {
    code: error.code,
    message: error.message,
    ...hintFields(hintOf(error)),
    ...(error.details.length === 0 ? {} : { details: error.details }),
  };
}

/** SQLITE_FULL, and what the kernel says. */
const isDiskFull = (error: unknown): boolean =>
  error instanceof Error &&
  (("errcode" in error && error.errcode === 13) || ("code" in error && error.code === "ENOSPC"));

const diskFull: ErrorAnswer["error"] = {
  code: "disk-full",
  message: "server: its disk is full, so nothing can be recorded",
  hint: "make room on the server: docker system df, then docker image prune and docker builder prune",
};

function answer(status: number, error: ErrorAnswer["error"]): Response {
  const headers: Record<string, string> = { "content-type": "application/json" };
  if (status === 503 || status === 429) headers["retry-after"] = "5";
  // A sender that was refused half way must not feed the rest of its body into the next request.
  if (status === 408 || status === 413 || status === 507) headers["connection"] = "close";
  const body: ErrorAnswer = { error };
  return new Response(JSON.stringify(body), { status, headers });
}
