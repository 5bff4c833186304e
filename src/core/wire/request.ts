import { createHash } from "node:crypto";
import { contentOf, definitionOf, readAction, type Action } from "../actions/actions.ts";
import { asFields, bad, readFields, text, wholeNumber, type Fields } from "../actions/fields.ts";
import { UserError } from "../errors.ts";
import { maxRequestBytes, type Request } from "./protocol.ts";
import { allKnown, newerRequest } from "./versions.ts";

const head = {
  server: text(/^(local|[0-9a-f]{16})$/),
  created: wholeNumber,
  nonce: text(/^[0-9a-f]{32}$/),
  tokenHash: text(/^[0-9a-f]{64}$/),
};

/** Reads the bytes that were signed; throws UserError "bad-request" for the first field that is wrong. */
export function parseRequest(bytes: Uint8Array): Request {
  if (bytes.length > maxRequestBytes)
    throw bad(`${bytes.length} bytes, at most ${maxRequestBytes}`);
  const value = parseJson(bytes);
  if (value["v"] !== 1)
    throw newerRequest("unknown version of the protocol, update mypaas on both sides");
  return allKnown(value, { v: 1, ...readFields(value, head), ...readAction(value) });
}

/** The id of a request: a replay has the same id, even with another signature. */
export const requestId = (bytes: Uint8Array): string => sha256(bytes);

/** The id of what is asked for: the same for every caller and time. Servers store it, so it must not change between versions. */
export const contentId = (action: Action): string => sha256(canonical(contentOf(action)));

/** The form in which a server keeps a bearer token. */
export const hashToken = (token: string): string => sha256(token);

/** What the server keeps of a signed request until its job or stream ends: everything but secrets. */
export function storedBody(request: Request, body: Uint8Array): Uint8Array {
  const replaced = definitionOf(request.action).stored?.(request);
  return replaced === undefined ? body : Buffer.from(JSON.stringify({ ...request, ...replaced }));
}

function parseJson(bytes: Uint8Array): Fields {
  try {
    return asFields(JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes)));
  } catch (cause) {
    if (cause instanceof UserError) throw cause;
    throw bad("not JSON in UTF-8", cause);
  }
}

const sha256 = (data: Uint8Array | string): string =>
  createHash("sha256").update(data).digest("hex");

/** JSON with sorted keys, so that equal values have equal text. */
const canonical = (value: unknown): string =>
  JSON.stringify(value, (_key, item: unknown) =>
    typeof item === "object" && item !== null && !Array.isArray(item)
      ? Object.fromEntries(Object.entries(item).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : item,
  );
