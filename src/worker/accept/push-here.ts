import { hint, command } from "../../core/hints.ts";
import { UserError } from "../../core/errors.ts";
import type { PushManifest } from "../../core/actions/push.ts";
import { plainText } from "../../core/terminal-text.ts";
import { plainTheme, renderEvent, withoutRepeats } from "../../core/wire/event-text.ts";
import { isDone } from "../../core/wire/event-roles.ts";
import type { LoggedEvent } from "../../core/wire/events.ts";
import { authorise } from "../../core/wire/permissions.ts";
import type { State } from "../../adapters/state/state.ts";
import { callerOf } from "../access/enrolled-keys.ts";
import { guardOf, whileAllowed } from "../access/tokens.ts";
import type { JobLog } from "../jobs/job-log.ts";
import { recordOf } from "./accept-once.ts";
import type { Pushes, TakeBlob } from "./pushes.ts";
import { requestHere, type RequestParts } from "./request-here.ts";

export interface PushHereParts extends RequestParts {
  readonly state: State;
  readonly pushes: Pushes;
  readonly log: Pick<JobLog, "follow">;
}

/** A push that begins on the server, on behalf of a key that somebody else has proved: sshd, a grant, the key that made a link. */
export interface PushAsked {
  /** Fingerprint of an enrolled key, whose rights count now and again when the job begins. */
  readonly key: string;
  readonly service: string;
  readonly push: PushManifest;
  /** Called once for each blob that the service has not sent before. */
  readonly take: TakeBlob;
}

/** A push that has become a job. */
export interface PushBegun {
  readonly job: number;
  /** True when an earlier request with the same content began the job. */
  readonly attached: boolean;
  /** The events of the job to its end. Throws UserError when the key loses its right meanwhile; the job goes on. */
  readonly events: (signal: AbortSignal) => AsyncIterable<LoggedEvent>;
}

/** Does what the signed request of a push does: the same rights, refusals, blobs and queue. Throws UserError, and then there is no job. */
export async function pushHere(parts: PushHereParts, asked: PushAsked): Promise<PushBegun> {
  const { state, pushes, log, now } = parts;
  const { key, service, push, take } = asked;
  const caller = callerOf(state, key);
  if (caller === undefined) throw notEnrolled(key);
  const { request, bytes } = requestHere(parts, { action: "push", service, push });
  if (request.action !== "push") throw new Error("a push became another action");
  authorise(caller, request, now());
  const stored = recordOf(request, bytes, { key, now: now() });
  const accepted = await pushes.accept(stored, request, bytes);
  const { job, attached = false } =
    accepted.job === undefined ? await pushes.start(stored, take) : accepted;
  if (job === undefined) throw new Error("a push without a job");
  return {
    job,
    attached,
    events: (signal) => whileAllowed(log.follow(job, 0, signal), guardOf(state, stored, now)),
  };
}

/** How a push ended, for those that take no events. */
export interface PushEnd {
  /** True when what was pushed is live. */
  readonly isLive: boolean;
  /** The last words of its log, such as `web release 3 is live after 2 s` or the reason of a failure. */
  readonly text: string;
}

/** Follows a push to its end; `say` gets its log as lines without colours, as `mypaas push` prints them. */
export async function followPush(
  { job, attached, events }: PushBegun,
  signal: AbortSignal,
  say: (line: string) => void = () => undefined,
): Promise<PushEnd> {
  const once = withoutRepeats();
  const tell = (text: string) => {
    for (const line of text.split("\n")) say(plainText(line));
  };
  if (attached) tell(renderEvent({ kind: "attached", job }, plainTheme));
  let end: PushEnd = { isLive: false, text: `job ${job}: its log ended without an outcome` };
  for await (const event of events(signal)) {
    // The event `attached` has just named the job.
    if (attached && event.kind === "queued" && event.behind === 0) continue;
    tell(renderEvent(once(event), plainTheme));
    const isEnd = isDone(event) || event.kind === "failed" || event.kind === "superseded";
    if (isEnd) end = { isLive: isDone(event), text: plainText(renderEvent(event, plainTheme)) };
  }
  return end;
}

const notEnrolled = (key: string): UserError =>
  new UserError(`key ${key}: not enrolled on this server`, {
    code: "unknown-key",
    hint: hint`enrol it on the server: ${command("key add")}`,
  });
