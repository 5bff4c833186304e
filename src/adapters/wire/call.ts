import { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import type { Dispatcher, Pool } from "undici";
import { UserError } from "../../core/errors.ts";
import { plainText, stripControls } from "../../core/terminal-text.ts";
import { wireBase } from "../../core/wire/protocol.ts";
import { readAtMost } from "../files.ts";
import { type Hint, command, hint, onServer } from "../../core/hints.ts";
import { readHint } from "../../core/read-hint.ts";

/** One request of the protocol. */
export interface Call {
  readonly method: "GET" | "POST" | "PUT";
  /** After the protocol's base. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Called for each try. */
  readonly body?: () => Uint8Array | AsyncIterable<Uint8Array>;
  /** `safe`: may arrive twice; `once`: only repeated while it cannot have arrived. */
  readonly repeat: "safe" | "once";
  /** Pauses between tries; there is one try more than pauses. */
  readonly pausesMs: readonly number[];
  readonly signal: AbortSignal;
  readonly onExchange?: OnExchange | undefined;
}

/** One request, and the status of its answer or the reason for which there is none. */
export interface Exchange {
  readonly method: string;
  readonly path: string;
  /** Until the answer began. */
  readonly ms: number;
  readonly end: number | string;
}

/** Hears of each request; headers and bodies are left out, because they hold secrets. */
export type OnExchange = (exchange: Exchange) => void;

/** Begins to measure a request; call what it returns with the end. */
export function beginExchange(
  { method, path }: Pick<Exchange, "method" | "path">,
  onExchange: OnExchange | undefined,
): (end: unknown) => void {
  const begun = performance.now();
  return (end) => {
    const ms = Math.round(performance.now() - begun);
    onExchange?.({ method, path, ms, end: typeof end === "number" ? end : reasonOf(end) });
  };
}

const reasonOf = (error: unknown): string => codeOf(error) || plainText(String(error));

/** True where another try may help: connection lost, or the server is away for a moment. */
export const isTransient = (error: unknown): boolean =>
  error instanceof UserError && transientCodes.has(error.code);

const transientCodes = new Set(["connection", "busy", "worker-away", "too-many", "stalled"]);

/** Sends a request as often as it may be repeated and returns the answer with its body unread; throws UserError, the server's own or "connection". */
export async function send(
  pool: Pool,
  place: string,
  call: Call,
): Promise<Dispatcher.ResponseData> {
  for (let tries = 0; ; tries += 1) {
    try {
      return await sendOnce(pool, place, call);
    } catch (error) {
      call.signal.throwIfAborted();
      const pause = call.pausesMs[tries];
      const isHopeless = call.repeat === "once" && error instanceof MaybeArrived;
      if (pause === undefined || isHopeless || !isTransient(error)) throw error;
      await sleep(pause, undefined, { signal: call.signal });
    }
  }
}

/** The same, and reads the answer as JSON. */
export async function sendForJson(pool: Pool, place: string, call: Call): Promise<unknown> {
  const answer = await send(pool, place, call);
  try {
    return JSON.parse(await readText(answer.body));
  } catch (error) {
    call.signal.throwIfAborted();
    if (error instanceof SyntaxError) throw notMypaas(place, answer.statusCode);
    throw broken(place, error);
  }
}

async function sendOnce(pool: Pool, place: string, call: Call): Promise<Dispatcher.ResponseData> {
  let bodyError: unknown;
  const watched = async function* (body: AsyncIterable<Uint8Array>) {
    try {
      yield* body;
    } catch (error) {
      bodyError = error;
      throw error;
    }
  };
  const given = call.body?.();
  const body =
    given === undefined || given instanceof Uint8Array
      ? given
      : Readable.from(watched(given), { objectMode: false });
  const path = wireBase + call.path;
  const ended = beginExchange({ method: call.method, path }, call.onExchange);
  let answer: Dispatcher.ResponseData;
  try {
    answer = await pool.request({
      method: call.method,
      path,
      headers: call.headers,
      signal: call.signal,
      ...(body && { body }),
    });
  } catch (error) {
    ended(bodyError ?? error);
    if (bodyError instanceof Error) throw bodyError;
    throw broken(place, error);
  }
  ended(answer.statusCode);
  if (answer.statusCode >= 200 && answer.statusCode < 300) return answer;
  throw await refusal(place, answer);
}

class MaybeArrived extends UserError {}

/** The error of a connection that could not be made, or broke. */
export function broken(place: string, error: unknown): UserError {
  if (error instanceof UserError) return error;
  const code = codeOf(error);
  const reason = unreachable[code];
  if (reason !== undefined)
    return new UserError(`${place}: ${reason}`, {
      code: code === "ENOTFOUND" || code === "EACCES" ? "unreachable" : "connection",
      hint: wayOut(code),
      cause: error,
    });
  if (/CERT|SIGNATURE|ISSUER|ALTNAME/.test(code))
    return new UserError(`${place}: its certificate is not trusted (${code})`, {
      code: "certificate",
      hint: hint`use the line with pin= that ${command("init")} printed: ${command("remote add")}`,
      cause: error,
    });
  return new MaybeArrived(`${place}: connection lost (${reasonOf(error)})`, {
    code: "connection",
    hint: "run the same command again",
    cause: error,
  });
}

function wayOut(code: string): Hint {
  if (code === "ENOTFOUND" || code === "EAI_AGAIN")
    return hint`check its address: ${command("remote list")}`;
  if (code === "EACCES") return "run it with sudo";
  return repair;
}

const repair = hint`on the server, see what is missing and repair it: sudo ${command("init")}`;

const unreachable: Readonly<Record<string, string>> = {
  ENOTFOUND: "no server has this name",
  EAI_AGAIN: "the name cannot be looked up now",
  ECONNREFUSED: "connection refused",
  ENOENT: "nothing listens there",
  EACCES: "you may not open it",
  EHOSTUNREACH: "no route to that host",
  ENETUNREACH: "no network",
  ETIMEDOUT: "no answer in time",
  UND_ERR_CONNECT_TIMEOUT: "no answer in time",
};

function codeOf(error: unknown): string {
  if (error instanceof AggregateError) return codeOf(error.errors[0]);
  return error instanceof Error && "code" in error ? String(error.code) : "";
}

/** The error in an answer other than 2xx. */
export async function refusal(
  place: string,
  answer: { readonly statusCode: number; readonly body: AsyncIterable<Uint8Array> },
): Promise<UserError> {
  const status = answer.statusCode;
  const error = readErrorAnswer(await readText(answer.body).catch(() => ""));
  if (error) return error;
  if (status === 502 || status === 503 || status === 504)
    return new UserError(`${place}: not ready (status ${status})`, { code: "busy", hint: repair });
  return notMypaas(place, status);
}

function readErrorAnswer(text: string): UserError | undefined {
  try {
    const { error } = (JSON.parse(text) ?? {}) as { readonly error?: unknown };
    return readServerError(error);
  } catch {
    return undefined;
  }
}

/** The `error` of an ErrorAnswer as a UserError with text that is safe for a terminal; undefined for anything else. */
export function readServerError(value: unknown): UserError | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { code, message, details, ...more } = value as Readonly<Record<string, unknown>>;
  if (typeof code !== "string" || typeof message !== "string") return undefined;
  const lines = Array.isArray(details) ? details.filter((line) => typeof line === "string") : [];
  return new UserError(plainText(message), {
    code,
    hint: readHint(more),
    details: lines.map(stripControls),
  });
}

const notMypaas = (place: string, status: number): UserError =>
  new UserError(`${place}: answers, but not as mypaas does (status ${status})`, {
    code: "not-mypaas",
    hint: hint`take the line that ${command("init")} printed on the server: ${onServer("remote add")}`,
  });

/** The longest correct answer lists 100 000 missing blobs. */
const maxAnswerBytes = 32 * 1024 * 1024;

const readText = async (body: AsyncIterable<Uint8Array>): Promise<string> =>
  (await readAtMost(body, maxAnswerBytes, () => new SyntaxError("answer too long"))).toString();
