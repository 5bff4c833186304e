import { hintFields, hintOf } from "../../core/hints.ts";
import { UserError } from "../../core/errors.ts";
import type { ErrorAnswer } from "../../core/wire/protocol.ts";

/** The HTTP status of each error code; all other codes are an error of the request (422). */
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

/** The token of an `authorization` header. */
export function bearerToken(header: string | undefined): string {
  const token = /^Bearer ([\x21-\x7e]{16,512})$/.exec(header ?? "")?.[1];
  if (token !== undefined) return token;
  throw new UserError("request: carries no bearer token", { code: "unauthorized" });
}

/** The HTTP answer for an error; anything but a UserError is a bug and shows no details. `more` holds the status of further codes. */
export function errorResponse(
  error: unknown,
  more: Readonly<Record<string, number>> = {},
): Response {
  const told = errorAnswer(error);
  return answer(told.code === "bug" ? 500 : (more[told.code] ?? statuses[told.code] ?? 422), told);
}

/** The same without a status, for a connection that is open already. */
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

/** The code of SQLite (SQLITE_FULL), and of the kernel. */
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
  // The rest of a refused body must not be read as the next request.
  if (status === 408 || status === 413 || status === 507) headers["connection"] = "close";
  const body: ErrorAnswer = { error };
  return new Response(JSON.stringify(body), { status, headers });
}
