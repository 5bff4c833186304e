import { timingSafeEqual } from "node:crypto";
import { UserError } from "../../core/errors.ts";
import { hashToken } from "../../core/wire/request.ts";
import { parseKeyLine, type EnrolledKey } from "../../core/ssh/authorized-keys.ts";
import { authoriseTouch } from "../../core/wire/permissions.ts";
import type { ActionName } from "../../core/wire/protocol.ts";
import { keyLine } from "../../adapters/state/keys.ts";
import { findRequest, type StoredRequest } from "../../adapters/state/requests.ts";
import type { State } from "../../adapters/state/state.ts";
import { command, hint } from "../../core/hints.ts";

/** How long a token lives when no job has ended before. */
export const tokenLifeMs = 24 * 60 * 60_000;
/** How long it lives on after the end of its job. */
export const tokenAfterJobMs = 60 * 60_000;

/** The request that a bearer token belongs to, while its key may still ask for it; an unknown request and a wrong token are refused with the same words. */
export function requestOfToken(state: State, proof: TokenProof): StoredRequest {
  const request = findRequest(state, proof.request);
  const known = Buffer.from(request?.tokenHash ?? "0".repeat(64), "hex");
  const isMatch = timingSafeEqual(known, Buffer.from(hashToken(proof.token), "hex"));
  if (request === undefined || !isMatch) {
    throw new UserError("token: does not belong to this request", {
      code: "unauthorized",
      hint: hint`push again: ${command("push")}`,
    });
  }
  if (proof.now >= request.expires) {
    throw new UserError(`token: expired on ${new Date(request.expires).toISOString()}`, {
      code: "unauthorized",
      hint: hint`push again: ${command("push")}`,
    });
  }
  guardOf(state, request, () => proof.now)();
  return request;
}

/** A check to repeat while something that a token opened goes on; it throws once the key may not ask for it any more: it was removed, has expired or got other options. */
export function guardOf(state: State, request: StoredRequest, now: () => number): () => void {
  const touched = request.service === undefined ? [] : [request.service];
  let key: EnrolledKey | undefined;
  return () => {
    if (request.key === "root") return;
    const line = keyLine(state, request.key);
    if (line !== key?.line) key = line === undefined ? undefined : readKey(line);
    if (key === undefined) throw revoked(request.key);
    authoriseTouch(key, request.action as ActionName, touched, now());
  };
}

/** What a token opened, item by item, for as long as the guard lets it pass. */
export async function* whileAllowed<T>(
  items: AsyncIterable<T>,
  guard: () => void,
): AsyncGenerator<T> {
  for await (const item of items) {
    guard();
    yield item;
  }
}

function readKey(line: string): EnrolledKey | undefined {
  const key = parseKeyLine(line);
  return typeof key === "string" ? undefined : key;
}

const revoked = (fingerprint: string): UserError =>
  new UserError(`key ${fingerprint}: not enrolled on this server any more`, {
    code: "unknown-key",
    hint: hint`choose another key: ${command("push --key FILE")}`,
  });

export interface TokenProof {
  readonly request: string;
  readonly token: string;
  readonly now: number;
}
