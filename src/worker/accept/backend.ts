import { authenticate } from "../../core/wire/authenticate.ts";
import { UserError } from "../../core/errors.ts";
import {
  authorise,
  authoriseSpec,
  idOf,
  nameOf,
  type Caller,
} from "../../core/wire/permissions.ts";
import { parseRequest, storedBody } from "../../core/wire/request.ts";
import type { Accepted, Request, RequestHead } from "../../core/wire/protocol.ts";
import type { Backend } from "../../core/wire/routes.ts";
import { definitionOf, type ActionOf, type NamesOf } from "../../core/actions/actions.ts";
import type { Kind } from "../../core/actions/definition.ts";
import { liveRelease } from "../../adapters/state/releases.ts";
import type { StoredRequest } from "../../adapters/state/requests.ts";
import type { State } from "../../adapters/state/state.ts";
import { acceptOnce, attachTo, recordOf } from "./accept-once.ts";
import type { Terminals } from "../programs/terminals.ts";
import { directActions, type ActionParts } from "./actions.ts";
import { enrolledKeys } from "../access/enrolled-keys.ts";
import { acceptCancel, acceptJob } from "./job-requests.ts";
import type { JobLog } from "../jobs/job-log.ts";
import { releaseToRun } from "../programs/program-target.ts";
import type { Pushes } from "./pushes.ts";
import { completed } from "./job-log-requests.ts";
import type { Queue } from "../jobs/queue.ts";
import type { Streams } from "../logs/streams.ts";
import { guardOf, requestOfToken, whileAllowed } from "../access/tokens.ts";
import { acceptHook } from "../links/hooks.ts";
import { command, hint } from "../../core/hints.ts";

export interface BackendParts {
  readonly state: State;
  readonly log: JobLog;
  readonly pushes: Pushes;
  readonly queue: Queue;
  readonly streams: Pick<Streams, "check" | "open">;
  readonly actions: ActionParts;
  readonly attachments: Pick<Terminals, "accept">;
  readonly now: () => number;
  /** Id of this server. */
  readonly server: string;
  /** The socket of the requests. `local`: only root can open it, so the caller is root and signatures are ignored. */
  readonly entry: "local" | "outside";
}

/** Answers the protocol as the worker; it trusts nothing that the receiver says. */
export function createBackend(parts: BackendParts): Backend {
  const { state, pushes, now } = parts;
  const acceptAs = acceptors(parts);
  const open = (request: string, token: string) =>
    requestOfToken(state, { request, token, now: now() });
  return {
    accept: async (body, signature) => {
      const { request: asked, caller } = identify(parts, body, signature);
      const request = completed(parts, asked, caller);
      authorise(caller, request, now());
      const stored = recordOf(request, body, { key: idOf(caller), now: now() });
      const { kind } = definitionOf(request.action).becomes;
      const accept: (incoming: never) => Accepted | Promise<Accepted> = acceptAs[kind];
      const kept = storedBody(request, body);
      // The kind belongs to the action of the request.
      return accept({ request, caller, stored, kept } as never);
    },
    status: async (request, token) => pushes.status(open(request, token)),
    start: async (request, token) => pushes.start(open(request, token)),
    hook: async (id, headers, body) =>
      acceptHook({ ...parts, random: parts.actions.random }, id, { headers, body }),
    events: async (request, token, from, signal) => {
      const stored = open(request, token);
      const { job } = stored;
      if (job !== undefined)
        return whileAllowed(parts.log.follow(job, from, signal), guardOf(state, stored, now));
      throw new UserError("request: has no job yet", {
        code: "not-started",
        hint: hint`push again: ${command("push")}`,
      });
    },
    stream: async (request, token, from, signal) => {
      const stored = open(request, token);
      const lines = await parts.streams.open(stored, from, signal);
      return whileAllowed(lines, guardOf(state, stored, now));
    },
  };
}

/** A request that `authorise` has allowed. */
interface Incoming<K extends Kind> {
  readonly request: RequestHead & ActionOf<NamesOf<K>>;
  readonly caller: Caller;
  /** The request as the state gets it; not recorded yet. */
  readonly stored: StoredRequest;
  /** The signed bytes without secrets, for what is done after the answer. */
  readonly kept: Uint8Array;
}

/** Records a request and answers it, by what its action becomes. */
type Acceptors = { readonly [K in Kind]: (incoming: Incoming<K>) => Accepted | Promise<Accepted> };

function acceptors(parts: BackendParts): Acceptors {
  const { state, pushes, streams, attachments } = parts;
  const direct = directActions(parts.actions);
  return {
    upload: ({ request, stored, kept }) => pushes.accept(stored, request, kept),
    job: ({ request, stored, kept }) => acceptJob(parts, stored, request, kept),
    "job-log": ({ request, stored, caller }) => {
      if (request.action === "cancel") return acceptCancel(parts, stored, request, nameOf(caller));
      acceptOnce(state, stored, undefined);
      return attachTo(state, stored, request.job ?? 0);
    },
    stream: ({ request, stored, kept }) => {
      streams.check(request);
      // A worker that has just started reads there what is streamed.
      acceptOnce(state, stored, kept);
      return { request: stored.id, missing: [] };
    },
    terminal: async ({ request, stored, caller }) => {
      const of =
        request.action === "run"
          ? releaseToRun(state, request)
          : liveRelease(state, request.service);
      // A program can reach the volumes of its container.
      if (of !== undefined) authoriseSpec(caller, of.release.spec);
      acceptOnce(state, stored, undefined);
      // The command may hold secrets, so it is in memory only.
      const result = await attachments.accept(stored.id, request);
      return { request: stored.id, missing: [], result };
    },
    answer: async ({ request, stored, caller }) => {
      acceptOnce(state, stored, undefined);
      const perform: (action: never, caller: Caller) => unknown = direct[request.action];
      return { request: stored.id, missing: [], result: await perform(request as never, caller) };
    },
  };
}

function identify(
  parts: BackendParts,
  body: Uint8Array,
  signature: Uint8Array | undefined,
): { readonly request: Request; readonly caller: Caller } {
  const { state, server, now } = parts;
  if (parts.entry === "local") {
    const request = parseRequest(body);
    if (request.server === "local" || request.server === server) return { request, caller: "root" };
    throw new UserError(`request: made for server ${request.server}, this is ${server}`, {
      code: "wrong-server",
      hint: "leave out --remote to act on this server",
    });
  }
  if (signature === undefined) {
    throw new UserError("signature: missing", {
      code: "bad-signature",
      hint: hint`sign the request with an enrolled key: ${command("push --key FILE")}`,
    });
  }
  const keys = enrolledKeys(state);
  const { request, key } = authenticate({ body, signature, keys, server, now: now() });
  return { request, caller: key };
}
