import { timingSafeEqual } from "node:crypto";
import { UserError } from "../core/errors.ts";
import { hashToken } from "../core/wire/request.ts";
import { findRequest, type StoredRequest } from "../adapters/state/requests.ts";
import type { State } from "../adapters/state/state.ts";

/** How long a token lives when no job has ended before. */
export const tokenLifeMs = 24 * 60 * 60_000;
/** How long it lives on after the end of its job. */
export const tokenAfterJobMs = 60 * 60_000;

/** The request that a bearer token belongs to; an unknown request and a wrong token are refused with the same words. */
export function requestOfToken(state: State, proof: TokenProof): StoredRequest {
  const request = findRequest(state, proof.request);
  const known = Buffer.from(request?.tokenHash ?? "0".repeat(64), "hex");
  const isMatch = timingSafeEqual(known, Buffer.from(hashToken(proof.token), "hex"));
  if (request === undefined || !isMatch) {
    throw new UserError("token: does not belong to this request", {
      code: "unauthorized",
      hint: "push again: mypaas push",
    });
  }
  if (proof.now >= request.expires) {
    throw new UserError(`token: expired on ${new Date(request.expires).toISOString()}`, {
      code: "unauthorized",
      hint: "push again: mypaas push",
    });
  }
  return request;
}

export interface TokenProof {
  readonly request: string;
  readonly token: string;
  readonly now: number;
}
