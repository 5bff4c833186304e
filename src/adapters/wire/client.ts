import { UserError } from "../../core/errors.ts";
import { requestId } from "../../core/wire/request.ts";
import { plainText } from "../../core/terminal-text.ts";
import { signatureHeader, type Accepted, type WantedBlob } from "../../core/wire/protocol.ts";
import { openTerminal } from "./terminal.ts";
import type { TerminalConnection } from "./terminal-connection.ts";
import { pathOf, routes, type RouteName } from "../../core/wire/routes.ts";
import { sameVersions, withUpdateHint } from "../../core/wire/versions.ts";
import { send, sendForJson, type Call, type OnExchange } from "./call.ts";
import { openPool, type Target } from "./pool.ts";

/** The client's side of core/wire/routes.ts for one server. */
export interface WireClient {
  /** Posts the exact signed bytes; `once` for an action that must not be done twice after a broken connection. */
  readonly accept: (
    body: Uint8Array,
    signature: Uint8Array | undefined,
    repeat: Call["repeat"],
  ) => Promise<Accepted>;
  /** The later calls of one accepted request, with the token that it was signed with. */
  readonly request: (id: string, token: string) => WireRequest;
  readonly close: () => Promise<void>;
}

export interface WireRequest {
  readonly status: () => Promise<Accepted>;
  readonly start: () => Promise<Accepted>;
  /** Sends a tar of `length` bytes once; it is not repeated, because another batch is missing then. */
  readonly putBatch: (length: number, body: AsyncIterable<Uint8Array>) => Promise<void>;
  readonly have: (sha256: string) => Promise<number>;
  /** Sends bytes `from` up to `to` (exclusive) once and returns how many the server has then. */
  readonly putRange: (
    range: { readonly blob: WantedBlob; readonly from: number; readonly to: number },
    body: AsyncIterable<Uint8Array>,
  ) => Promise<number>;
  /** Opens the connection to the program that was begun; once. */
  readonly openTerminal: () => Promise<TerminalConnection>;
  /** One connection to the log; its lines end when the connection breaks or the job ends. */
  readonly openEvents: (from: number, signal: AbortSignal) => Promise<AsyncIterable<Uint8Array>>;
  /** The same for the lines of a stream, from a cursor on. */
  readonly openStream: (from: string, signal: AbortSignal) => Promise<AsyncIterable<Uint8Array>>;
}

export interface WireClientOptions {
  readonly target: Target;
  /** Name of the server in messages. */
  readonly place: string;
  readonly signal: AbortSignal;
  readonly pausesMs?: readonly number[];
  /** Of this mypaas; asked for only where the two sides do not understand each other. */
  readonly version?: () => Promise<string>;
  readonly onExchange?: OnExchange | undefined;
}

/** About half a minute, in which a worker restarts. */
export const patientPausesMs = [200, 500, 1000, 2000, 4000, 8000, 8000, 8000] as const;

/** Makes a client; the first call opens a connection. */
export function createWireClient(options: WireClientOptions): WireClient {
  const { place, signal, onExchange } = options;
  const patient = options.pausesMs ?? patientPausesMs;
  const pool = openPool(options.target);
  let server: string | undefined;
  const explained = async (error: unknown): Promise<unknown> =>
    options.version === undefined
      ? error
      : withUpdateHint(error, { laptop: await options.version(), server });
  const json = async <T>(
    read: (answer: unknown) => T,
    call: Omit<Call, "signal" | "pausesMs" | "onExchange">,
    pausesMs = patient,
  ): Promise<T> => {
    try {
      return read(await sendForJson(pool, place, { ...call, pausesMs, signal, onExchange }));
    } catch (error) {
      throw await explained(error);
    }
  };
  const accepted = (id: string) => (answer: unknown) => {
    const read = readAccepted(place, answer, id);
    server = read.version;
    return read;
  };
  const have = (answer: unknown) => readHave(place, answer);
  return {
    accept: async (body, signature, repeat) => {
      const headers = {
        "content-type": "application/json",
        ...(signature && { [signatureHeader]: Buffer.from(signature).toString("base64") }),
      };
      // Nothing has begun yet, so an absent server is reported soon.
      return json(
        accepted(requestId(body)),
        { ...to("accept", {}), headers, body: () => body, repeat },
        patient.slice(0, 3),
      );
    },
    request: (id, token) => {
      const headers = { authorization: `Bearer ${token}` };
      const safe = { headers, repeat: "safe" } as const;
      const openLines = async (name: "events" | "stream", from: string, until: AbortSignal) => {
        const { method, path } = to(name, { id });
        const query = `?from=${encodeURIComponent(from)}`;
        const at = { method, path: path + query, pausesMs: [], signal: until };
        return (await send(pool, place, { ...safe, ...at, onExchange })).body;
      };
      return {
        status: () => json(accepted(id), { ...safe, ...to("status", { id }) }),
        start: () => json(accepted(id), { ...safe, ...to("start", { id }) }),
        putBatch: async (length, body) => {
          const types = { "content-type": "application/x-tar", "content-length": String(length) };
          const call = { ...to("putBatch", { id }), body: () => body, repeat: "once" } as const;
          await json(() => undefined, { ...call, headers: { ...headers, ...types } }, []);
        },
        have: (sha256) => json(have, { ...safe, ...to("have", { id, sha256 }) }),
        putRange: ({ blob, from, to: end }, body) => {
          const types = {
            "content-type": "application/octet-stream",
            "content-length": String(end - from),
            "content-range": `bytes ${from}-${end - 1}/${blob.size}`,
          };
          const route = to("putRange", { id, sha256: blob.sha256 });
          const call = { ...route, body: () => body, repeat: "once" } as const;
          return json(have, { ...call, headers: { ...headers, ...types } }, []);
        },
        openTerminal: async () => {
          const target = { target: options.target, place, request: id, token };
          const connection = await openTerminal({ ...target, onExchange });
          return { ...connection, frames: () => explaining(connection.frames(), explained) };
        },
        openEvents: (from, until) => openLines("events", String(from), until),
        openStream: (from, until) => openLines("stream", from, until),
      };
    },
    close: () => pool.destroy(),
  };
}

/** The head of a call to a route. */
const to: <N extends RouteName>(
  name: N,
  parameters: Parameters<typeof pathOf<N>>[1],
) => Pick<Call, "method" | "path"> = (name, parameters) => ({
  method: routes[name].method,
  path: pathOf(name, parameters),
});

function readAccepted(place: string, answer: unknown, id: string): Accepted {
  const value = answer as Partial<Accepted> | null;
  if (value?.request !== id || !Array.isArray(value.missing)) throw strange(place);
  const job = typeof value.job === "number" ? { job: value.job } : {};
  const attached = value.attached === true ? { attached: true } : {};
  const result = value.result === undefined ? {} : { result: makeSafe(value.result) };
  const version = typeof value.version === "string" ? { version: plainText(value.version) } : {};
  const missing = value.missing.map(readBlob);
  return { request: id, ...job, ...attached, missing, ...result, ...version };
  function readBlob(blob: unknown): WantedBlob {
    const { sha256, size } = (blob ?? {}) as Partial<WantedBlob>;
    if (typeof sha256 !== "string" || typeof size !== "number") throw strange(place);
    return { sha256, size };
  }
}

async function* explaining<T>(
  items: AsyncIterable<T>,
  explained: (error: unknown) => Promise<unknown>,
): AsyncGenerator<T> {
  try {
    yield* items;
  } catch (error) {
    throw await explained(error);
  }
}

/** Every text of an answer may end up in a terminal. */
function makeSafe(value: unknown): unknown {
  if (typeof value === "string") return plainText(value);
  if (Array.isArray(value)) return value.map(makeSafe);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, makeSafe(item)]));
}

function readHave(place: string, answer: unknown): number {
  const have = (answer as { readonly have?: unknown } | null)?.have;
  if (typeof have !== "number" || !Number.isSafeInteger(have) || have < 0) throw strange(place);
  return have;
}

const strange = (place: string): UserError =>
  new UserError(`${place}: gave an answer that this version does not understand`, {
    code: "protocol",
    hint: sameVersions,
  });
