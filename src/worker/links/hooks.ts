import { createHash } from "node:crypto";
import { UserError } from "../../core/errors.ts";
import type { HookAnswer } from "../../core/wire/routes.ts";
import { isFromForge, pushedBy, type Hook } from "../../core/links/webhook.ts";
import { authorise } from "../../core/wire/permissions.ts";
import { jobOfDelivery, keepDelivery, linkById, type Link } from "../../adapters/state/links.ts";
import type { State } from "../../adapters/state/state.ts";
import { recordOf } from "../accept/accept-once.ts";
import { acceptJob } from "../accept/job-requests.ts";
import { requestHere, type RequestParts } from "../accept/request-here.ts";
import type { Queue } from "../jobs/queue.ts";
import { callerOfLink } from "./links.ts";

export interface HookParts extends RequestParts {
  readonly state: State;
  readonly queue: Queue;
}

/** Takes a webhook of a forge: a push to the linked branch becomes a job, everything else that is signed becomes nothing. */
export function acceptHook(parts: HookParts, id: string, hook: Hook): HookAnswer {
  const { state, now } = parts;
  const link = linkById(state, id);
  if (link === undefined)
    throw new UserError("hook: no link has this address", { code: "not-found" });
  if (!isFromForge(hook, link.secret, now()))
    throw new UserError("hook: not signed with the secret of this link", { code: "forbidden" });
  if (!link.auto) return { ignored: "the link deploys only when it is asked to" };
  // Nothing but what was signed tells two deliveries apart: headers could be changed.
  const body = createHash("sha256").update(hook.body).digest("hex");
  const known = jobOfDelivery(state, link, body);
  if (known !== undefined) return { job: known };
  const pushed = pushedBy(hook, link.branch);
  if ("ignored" in pushed) return pushed;
  const job = pullHere(parts, link, pushed.commit);
  keepDelivery(state, link, { body, job, at: now() });
  return { job };
}

/** Begins a pull with the rights of the link's key, as a request of that key would. Throws UserError, and then there is no job. */
export function pullHere(parts: HookParts, link: Link, commit: string | undefined): number {
  const { state, now } = parts;
  const { service, key } = link;
  const { request, bytes } = requestHere(parts, { action: "pull", service, commit });
  if (request.action !== "pull") throw new Error("a pull became another action");
  authorise(callerOfLink(state, link), request, now());
  const { job } = acceptJob(parts, recordOf(request, bytes, { key, now: now() }), request, bytes);
  if (job === undefined) throw new Error("a pull without a job");
  return job;
}
