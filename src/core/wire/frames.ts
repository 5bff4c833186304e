import { hintFields } from "../hints.ts";
import { readHint } from "../read-hint.ts";
import { sameVersions } from "./versions.ts";
import { UserError } from "../errors.ts";
import { jsonFields, type Fields } from "../actions/fields.ts";
import type { ErrorAnswer } from "./protocol.ts";

/**
 * The bytes of a terminal connection, after the route `terminal` with `Upgrade: mypaas-stream` was answered by 101:
 * frames of a type byte, the length of the payload (32 bits, big-endian) and the payload.
 * Client to server: stdin, stdin-end, resize, signal. Server to client: taken, stdout, stderr, exit, error. Both: keepalive.
 */
export type Frame =
  | { readonly kind: "stdin" | "stdout" | "stderr"; readonly bytes: Uint8Array }
  | { readonly kind: "stdin-end" | "keepalive" }
  | { readonly kind: "resize"; readonly cols: number; readonly rows: number }
  | { readonly kind: "signal"; readonly signal: PassedSignal }
  /** The number of bytes of stdin that the program has taken since the last one. */
  | { readonly kind: "taken"; readonly bytes: number }
  | { readonly kind: "exit"; readonly code: number }
  | { readonly kind: "error"; readonly error: ErrorAnswer["error"] };

export const terminalProtocol = "mypaas-stream";
export const passedSignals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
export type PassedSignal = (typeof passedSignals)[number];

/** Larger payloads are refused unread; a sender cuts data into pieces of at most this size. */
export const maxFrameBytes = 64 * 1024;
/** Limit of stdin that is sent and not yet taken by the program, so that a signal never waits behind data. */
export const stdinWindowBytes = 1024 * 1024;
/** Each side sends something at least this often. */
export const keepaliveMs = 10_000;
/** A connection that is silent for this long is dead. */
export const silenceMs = 60_000;

const headBytes = 5;
const types: Readonly<Record<Frame["kind"], number>> = {
  stdin: 1,
  "stdin-end": 2,
  resize: 3,
  signal: 4,
  stdout: 5,
  stderr: 6,
  exit: 7,
  error: 8,
  keepalive: 9,
  taken: 10,
};
const kinds = new Map(Object.entries(types).map(([kind, type]) => [type, kind as Frame["kind"]]));

/** One frame as bytes. */
export function encodeFrame(frame: Frame): Uint8Array {
  const payload = payloadOf(frame);
  const bytes = Buffer.allocUnsafe(headBytes + payload.length);
  bytes.writeUInt8(types[frame.kind], 0);
  bytes.writeUInt32BE(payload.length, 1);
  bytes.set(payload, headBytes);
  return bytes;
}

/** Takes bytes of a connection, cut anywhere, and returns the frames that are complete now; throws UserError "protocol". */
export function createFrameReader(): (chunk: Uint8Array) => readonly Frame[] {
  let rest: Buffer = Buffer.alloc(0);
  return (chunk) => {
    rest = rest.length === 0 ? Buffer.from(chunk) : Buffer.concat([rest, chunk]);
    const frames: Frame[] = [];
    let at = 0;
    while (rest.length - at >= headBytes) {
      const length = rest.readUInt32BE(at + 1);
      if (length > maxFrameBytes) throw strange(`a frame of ${length} bytes`);
      const end = at + headBytes + length;
      if (rest.length < end) break;
      frames.push(readFrame(rest.readUInt8(at), rest.subarray(at + headBytes, end)));
      at = end;
    }
    rest = rest.subarray(at);
    return frames;
  };
}

function payloadOf({ kind, ...fields }: Frame): Uint8Array {
  if (kind === "stdin-end" || kind === "keepalive") return Buffer.alloc(0);
  if ("bytes" in fields && typeof fields.bytes !== "number") return fields.bytes;
  return Buffer.from(JSON.stringify(fields));
}

function readFrame(type: number, payload: Buffer): Frame {
  const kind = kinds.get(type);
  switch (kind) {
    case undefined:
      throw strange(`a frame of unknown type ${type}`);
    case "stdin":
    case "stdout":
    case "stderr":
      return { kind, bytes: payload };
    case "stdin-end":
    case "keepalive":
      return { kind };
    case "resize": {
      const { cols, rows } = fieldsOf(payload);
      return { kind, cols: within(cols, 0xffff), rows: within(rows, 0xffff) };
    }
    case "signal": {
      const { signal } = fieldsOf(payload);
      const known = passedSignals.find((one) => one === signal);
      if (known === undefined) throw strange("a signal that is not passed on");
      return { kind, signal: known };
    }
    case "taken":
      return { kind, bytes: within(fieldsOf(payload)["bytes"], stdinWindowBytes) };
    case "exit":
      return { kind, code: within(fieldsOf(payload)["code"], 255) };
    case "error":
      return { kind, error: readError(fieldsOf(payload)["error"]) };
  }
}

function fieldsOf(payload: Buffer): Fields {
  const fields = jsonFields(payload.toString("utf8"));
  if (fields === undefined) throw strange("a frame that is not JSON");
  return fields;
}

function within(value: unknown, most: number): number {
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0 && value <= most)
    return value;
  throw strange(`a number that should be from 0 to ${most}`);
}

function readError(value: unknown): ErrorAnswer["error"] {
  const { code, message, details, ...more } = (value ?? {}) as Fields;
  if (typeof code !== "string" || typeof message !== "string") throw strange("an error of no form");
  const lines = Array.isArray(details) ? details.filter((line) => typeof line === "string") : [];
  return {
    code,
    message,
    ...hintFields(readHint(more)),
    ...(lines.length > 0 && { details: lines }),
  };
}

const strange = (what: string): UserError =>
  new UserError(`connection: carried ${what}`, {
    code: "protocol",
    hint: sameVersions,
  });
