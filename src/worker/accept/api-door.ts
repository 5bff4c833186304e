import { createHash } from "node:crypto";
import { definitionOf, type Action, type NamesOf } from "../../core/actions/actions.ts";
import type { ApiDoor, AskedAction, Performed } from "../../core/api/door.ts";
import { UserError } from "../../core/errors.ts";
import { hint } from "../../core/hints.ts";
import { revokedToken, type GrantedKey } from "../../core/wire/grant.ts";
import { authorise, authoriseTouch, nameOf } from "../../core/wire/permissions.ts";
import { storedBody } from "../../core/wire/request.ts";
import { isRevoked } from "../../adapters/state/grants.ts";
import { findRequest, type StoredRequest } from "../../adapters/state/requests.ts";
import { callerOfToken } from "../access/grants.ts";
import { guardOf, whileAllowed } from "../access/tokens.ts";
import { acceptOnce, recordOf } from "./accept-once.ts";
import { directActions } from "./actions.ts";
import type { BackendParts } from "./backend.ts";
import { acceptCancel, acceptJob } from "./job-requests.ts";
import { completed } from "./job-log-requests.ts";
import type { Streams } from "../logs/streams.ts";
import { requestHere } from "./request-here.ts";

export interface ApiDoorParts extends Omit<BackendParts, "entry" | "attachments" | "streams"> {
  readonly streams: Pick<Streams, "check" | "open" | "snapshot">;
}

/** Does what the bearer of a token asks; each call verifies the token anew, because whoever passes it on may be hostile. */
export function createApiDoor(parts: ApiDoorParts): ApiDoor {
  const { state, now } = parts;
  const direct = directActions(parts.actions);
  const admit = <A extends Action>(token: string, asked: A) => {
    const caller = callerOfToken(parts, token);
    const action = completed(parts, asked, caller);
    authorise(caller, action, now());
    return { caller, action };
  };
  return {
    perform: async (token, { action: asked, repeatKey }) => {
      const { caller, action } = admit(token, asked);
      const { kind } = definitionOf(action.action).becomes;
      if (kind === "job" || action.action === "cancel")
        return begin(parts, caller, { action, repeatKey });
      if (kind !== "answer") throw new Error(`${action.action}: has no answer`);
      const perform: (asked: never, caller: GrantedKey) => unknown =
        direct[action.action as NamesOf<"answer">];
      return { result: await perform(action as never, caller) };
    },
    snapshot: async (token, asked) => {
      const { caller, action } = admit(token, asked);
      parts.streams.check(action);
      return parts.streams.snapshot({ ...action, caller });
    },
    logs: async (token, asked, signal) => {
      const { caller, action } = admit(token, asked);
      parts.streams.check(action);
      const { stored, bytes } = recorded(parts, caller, action);
      acceptOnce(state, stored, bytes);
      const lines = await parts.streams.open(stored, "", signal);
      return whileAllowed(lines, guard(parts, caller, stored));
    },
    events: async (token, asked, from, signal) => {
      const { caller, action } = admit(token, asked);
      const { stored } = recorded(parts, caller, action);
      const events = parts.log.follow(action.job ?? 0, from, signal);
      return whileAllowed(events, guard(parts, caller, stored));
    },
  };
}

/** The request that a signed one would be, and its record. */
function recorded(parts: ApiDoorParts, caller: GrantedKey, action: Action) {
  const { random } = parts.actions;
  const { request, bytes } = requestHere({ ...parts, random }, action);
  const stored = recordOf(request, bytes, { key: caller.fingerprint, now: parts.now() });
  return { request, bytes, stored };
}

/** Begins a job, or finds the one that the same request has begun. */
function begin(
  parts: ApiDoorParts,
  caller: GrantedKey,
  { action, repeatKey }: AskedAction,
): Performed {
  const { request, bytes, stored: first } = recorded(parts, caller, action);
  const stored = repeatKey === undefined ? first : { ...first, id: idOf(caller, repeatKey) };
  const before = repeatKey === undefined ? undefined : findRequest(parts.state, stored.id);
  if (before !== undefined) return repeated(before, stored);
  const accepted =
    request.action === "cancel"
      ? acceptCancel(parts, stored, request, nameOf(caller))
      : acceptJob(parts, stored, request as never, storedBody(request, bytes));
  const { job, attached, result } = accepted;
  return {
    ...(job !== undefined && { job }),
    ...(attached !== undefined && { attached }),
    ...(result !== undefined && { result }),
  };
}

/** The id of a request that may be sent again: one of each token and word of the client. */
const idOf = ({ fingerprint, grant }: GrantedKey, repeatKey: string): string =>
  createHash("sha256")
    .update(JSON.stringify(["api", fingerprint, grant.id, repeatKey]))
    .digest("hex");

function repeated(before: StoredRequest, asked: StoredRequest): Performed {
  const isSame = before.action === asked.action && before.content === asked.content;
  if (isSame) return { ...(before.job !== undefined && { job: before.job }), attached: true };
  throw new UserError("idempotency-key: was used for another request in the last 24 hours", {
    code: "repeated",
    hint: hint`make a new one for each request: uuidgen`,
  });
}

/** The check of a stream that goes on: the token counts as long as the stream does. */
function guard(parts: ApiDoorParts, caller: GrantedKey, stored: StoredRequest): () => void {
  const { state, now } = parts;
  const { grant, fingerprint } = caller;
  const keyMay = guardOf(state, stored, now);
  return () => {
    keyMay();
    if (now() >= grant.expires || isRevoked(state, grant.id, fingerprint))
      throw revokedToken(grant);
    const touched = stored.service === undefined ? [] : [stored.service];
    authoriseTouch(caller, stored.action as Action["action"], touched, now());
  };
}
