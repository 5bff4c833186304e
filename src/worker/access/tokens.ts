import { timingSafeEqual } from "node:crypto";
import { UserError } from "../../core/errors.ts";
import { hashToken } from "../../core/wire/request.ts";
import type { EnrolledKey } from "../../core/ssh/authorized-keys.ts";
import { authoriseTouch } from "../../core/wire/permissions.ts";
import type { ActionName } from "../../core/actions/actions.ts";
import { keyLine } from "../../adapters/state/keys.ts";
import { findRequest, type StoredRequest } from "../../adapters/state/requests.ts";
import type { State } from "../../adapters/state/state.ts";
import { command, hint } from "../../core/hints.ts";
import { readKey } from "./enrolled-keys.ts";

/** A token expires after this time if its job has not ended. */
export const tokenLifeMs = 24 * 60 * 60_000;
/** A token expires this long after the end of its job. */
export const tokenAfterJobMs = 60 * 60_000;

/** The request of a bearer token, while its key still has the right. An unknown request and a wrong token give the same error. */
export function requestOfToken(
  state: State,
  proof: { request: string; token: string; now: number },
): StoredRequest {
  const request = findRequest(state, proof.request);
  const known = Buffer.from(request?.tokenHash ?? "0".repeat(64), "hex");
  const isMatch = timingSafeEqual(known, Buffer.from(hashToken(proof.token), "hex"));
  if (request === undefined || !isMatch) throw badToken("does not belong to this request");
  if (proof.now >= request.expires)
    throw badToken(`expired on ${new Date(request.expires).toISOString()}`);
  guardOf(state, request, () => proof.now)();
  return request;
}

/** A check that is repeated while a token is in use. It throws when the key was removed, has expired or has lost the right. */
export function guardOf(state: State, request: StoredRequest, now: () => number): () => void {
  const touched = request.service === undefined ? [] : [request.service];
  let key: EnrolledKey | undefined;
  return () => {
    if (request.key === "root") return;
    const line = keyLine(state, request.key);
    if (line !== key?.line) key = line === undefined ? undefined : readKey(line);
    if (key === undefined)
      throw new UserError(`key ${request.key}: not enrolled on this server any more`, {
        code: "unknown-key",
        hint: hint`choose another key: ${command("push --key FILE")}`,
      });
    authoriseTouch(key, request.action as ActionName, touched, now());
  };
}

/** Passes items on while the guard allows it. */
export async function* whileAllowed<T>(
  items: AsyncIterable<T>,
  guard: () => void,
): AsyncGenerator<T> {
  for await (const item of items) {
    guard();
    yield item;
  }
}

const badToken = (problem: string): UserError =>
  new UserError(`token: ${problem}`, {
    code: "unauthorized",
    hint: hint`push again: ${command("push")}`,
  });
