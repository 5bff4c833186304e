import { authenticate } from "../../core/wire/authenticate.ts";
import { UserError } from "../../core/errors.ts";
import {
  authorise,
  authoriseSpec,
  type Caller,
  idOf,
  nameOf,
} from "../../core/wire/permissions.ts";
import { contentId, parseRequest, requestId } from "../../core/wire/request.ts";
import { isJobAction, type Backend, type Request } from "../../core/wire/protocol.ts";
import { liveRelease } from "../../adapters/state/releases.ts";
import type { State } from "../../adapters/state/state.ts";
import { acceptOnce } from "./accept-once.ts";
import { attachTo } from "./follow-existing-job.ts";
import type { Attachments } from "../programs/terminals.ts";
import { performAction, type ActionParts } from "./actions.ts";
import { enrolledKeys } from "../access/enrolled-keys.ts";
import { acceptCancel, acceptJob } from "./job-requests.ts";
import type { JobLog } from "../jobs/job-log.ts";
import { releaseToRun } from "../programs/program-target.ts";
import type { Pushes } from "./pushes.ts";
import { withItsJob } from "./job-log-requests.ts";
import type { Queue } from "../jobs/queue.ts";
import type { Streams } from "../logs/streams.ts";
import { guardOf, requestOfToken, tokenLifeMs, whileAllowed } from "../access/tokens.ts";
import { command, hint } from "../../core/hints.ts";

export interface BackendParts {
  readonly state: State;
  readonly log: JobLog;
  readonly pushes: Pushes;
  readonly queue: Queue;
  readonly streams: Pick<Streams, "check" | "open">;
  readonly actions: ActionParts;
  readonly attachments: Pick<Attachments, "accept">;
  readonly now: () => number;
  /** Id of this server. */
  readonly server: string;
  /** `local`: the caller is root, because nobody else can open the socket; signatures are neither needed nor looked at. */
  readonly door: "local" | "outside";
}

/** The worker's own end of the protocol; it trusts nothing that the receiver says. */
export function createBackend(parts: BackendParts): Backend {
  const { state, pushes, now } = parts;
  const open = (request: string, token: string) =>
    requestOfToken(state, { request, token, now: now() });
  return {
    accept: async (body, signature) => {
      const { request: asked, caller } = identify(parts, body, signature);
      // Who may not ask about a service does not hear which jobs it has either.
      if (asked.action === "job.log" && asked.service !== undefined)
        authorise(caller, asked, now());
      const request = withItsJob(state, asked, caller);
      const id = requestId(body);
      authorise(caller, request, now());
      const stored = {
        id,
        action: request.action,
        service: "service" in request ? request.service : undefined,
        key: idOf(caller),
        accepted: now(),
        expires: now() + tokenLifeMs,
        tokenHash: request.tokenHash,
        content: contentId(request),
        job: undefined,
      };
      if (request.action === "push") return pushes.accept(stored, request, body);
      if (isJobAction(request)) return acceptJob(parts, stored, request, body);
      if (request.action === "cancel")
        return acceptCancel(parts, { ...stored, service: request.service }, nameOf(caller));
      if (request.action === "logs" || request.action === "ps") {
        parts.streams.check(request);
        // It holds no secrets, and says what is streamed also to a worker that has just started.
        acceptOnce(state, stored, body);
        return { request: id, missing: [] };
      }
      // Who gets in has what is mounted there.
      if (request.action === "run")
        authoriseSpec(caller, releaseToRun(state, request).release.spec);
      if (request.action === "exec") {
        const live = liveRelease(state, request.service);
        if (live !== undefined) authoriseSpec(caller, live.release.spec);
      }
      acceptOnce(state, stored, undefined);
      if (request.action === "job.log") return attachTo(state, stored, request.job ?? 0);
      if (request.action === "run" || request.action === "exec") {
        // Its words may be secrets, so they are nowhere but in memory.
        const result = await parts.attachments.accept(id, request);
        return { request: id, missing: [], result };
      }
      const result = await performAction(parts.actions, request, caller);
      return { request: id, missing: [], result };
    },
    status: async (request, token) => pushes.status(open(request, token)),
    start: async (request, token) => pushes.start(open(request, token)),
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

interface Identified {
  readonly request: Request;
  readonly caller: Caller;
}

function identify(
  parts: BackendParts,
  body: Uint8Array,
  signature: Uint8Array | undefined,
): Identified {
  const { state, server, now } = parts;
  if (parts.door === "local") {
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
