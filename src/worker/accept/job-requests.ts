import { hint, command } from "../../core/hints.ts";
import { UserError } from "../../core/errors.ts";
import type { Accepted } from "../../core/wire/protocol.ts";
import type { ActionOf, NamesOf } from "../../core/actions/actions.ts";
import { setRequestJob, type StoredRequest } from "../../adapters/state/requests.ts";
import type { State } from "../../adapters/state/state.ts";
import { noService, serviceOf } from "../jobs/job-kind.ts";
import { kindOf } from "../jobs/job-kinds.ts";
import type { Queue } from "../jobs/queue.ts";
import { acceptOnce, attachTo, followExistingJob } from "./accept-once.ts";
import { refuseUnknownService } from "./known-service.ts";

interface JobRequestParts {
  readonly state: State;
  readonly queue: Queue;
}

/** Begins the job of a request that needs no uploads, or follows the job that does the same already; a request that needs no job is answered at once. */
export function acceptJob(
  { state, queue }: JobRequestParts,
  stored: StoredRequest,
  request: ActionOf<NamesOf<"job">>,
  body: Uint8Array,
): Accepted {
  const { scope, acceptance } = kindOf(request);
  const service = serviceOf(request);
  const answer = acceptance?.withoutJob?.(state, request);
  if (answer !== undefined) {
    acceptOnce(state, stored, undefined);
    return { request: stored.id, missing: [], result: answer() };
  }
  if (scope !== "server" && acceptance?.isFirst !== true)
    refuseUnknownService(state, service, command("releases"));
  acceptOnce(state, stored, body);
  const { id, key, action, content } = stored;
  const existing =
    acceptance?.joins === false
      ? undefined
      : followExistingJob(state, stored, { service, content });
  if (existing !== undefined) return existing;
  const job = queue.add({ service, request: id, key, action, content }, (number) => {
    acceptance?.prepare?.(state, number, request);
    setRequestJob(state, id, number);
  });
  return { request: id, job: job.id, missing: [] };
}

/** Asks one job, or all of a service, to end before the cut-over; the request follows the newest of them to its end. */
export function acceptCancel(
  { state, queue }: JobRequestParts,
  stored: StoredRequest,
  { service = noService, job: one }: ActionOf<"cancel">,
  by: string,
): Accepted {
  acceptOnce(state, stored, undefined);
  const job = one === undefined ? queue.cancel(service, by) : queue.cancelJob(one, by);
  if (job !== undefined) return attachTo(state, stored, job);
  const code = "nothing-to-cancel";
  if (one !== undefined)
    throw new UserError(`cancel: job ${one} has ended already`, {
      code,
      hint: hint`see how it ended: ${command(`logs --job ${one}`)}`,
    });
  throw new UserError(`cancel ${service}: nothing of it is being deployed`, {
    code,
    hint: hint`to go back to what ran before: ${command(`rollback ${service}`)}`,
  });
}
