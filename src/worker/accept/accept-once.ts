import { UserError } from "../../core/errors.ts";
import type { Accepted, Request } from "../../core/wire/protocol.ts";
import { contentId, requestId } from "../../core/wire/request.ts";
import { unfinishedJobs, type Job } from "../../adapters/state/jobs.ts";
import { keyUsed } from "../../adapters/state/keys.ts";
import {
  findRequest,
  insertRequest,
  setRequestJob,
  type StoredRequest,
} from "../../adapters/state/requests.ts";
import type { State } from "../../adapters/state/state.ts";
import { tokenLifeMs } from "../access/tokens.ts";

/** What the state gets of a request when it is accepted now. */
export const recordOf = (
  request: Request,
  body: Uint8Array,
  { key, now }: { readonly key: string; readonly now: number },
): StoredRequest => ({
  id: requestId(body),
  action: request.action,
  service: "service" in request ? request.service : undefined,
  key,
  accepted: now,
  expires: now + tokenLifeMs,
  tokenHash: request.tokenHash,
  content: contentId(request),
  job: undefined,
});

/** Records a request as accepted; throws UserError "replayed" for a request that was accepted before, and then does nothing. */
export function acceptOnce(
  state: State,
  stored: StoredRequest,
  body: Uint8Array | undefined,
): void {
  if (insertRequest(state, stored, body)) {
    keyUsed(state, stored.key, stored.accepted);
    return;
  }
  const job = findRequest(state, stored.id)?.job;
  const what = job === undefined ? "" : `, it is job ${job}`;
  throw new UserError(`request ${stored.id.slice(0, 12)}: already accepted${what}`, {
    code: "replayed",
    hint: "sign a new one: run the same command again",
  });
}

/** Lets a request follow the job of the same service that does the same already; undefined when there is none. */
export function followExistingJob(
  state: State,
  stored: StoredRequest,
  { service, content }: Pick<Job, "service" | "content">,
): Accepted | undefined {
  const same = unfinishedJobs(state, service).find((job) => job.content === content);
  return same === undefined ? undefined : attachTo(state, stored, same.id);
}

/** Lets a request follow a job. */
export function attachTo(state: State, stored: StoredRequest, job: number): Accepted {
  setRequestJob(state, stored.id, job);
  return { request: stored.id, job, attached: true, missing: [] };
}
