import { UserError } from "../core/errors.ts";
import type { Accepted } from "../core/wire/protocol.ts";
import { setRequestJob, type StoredRequest } from "../adapters/state/requests.ts";
import { knowsService } from "../adapters/state/services.ts";
import type { State } from "../adapters/state/state.ts";
import { acceptOnce } from "./accept-once.ts";
import { attach, attachTo } from "./attach.ts";
import type { Queue } from "./queue.ts";

export interface JobRequestParts {
  readonly state: State;
  readonly queue: Queue;
}

/** Begins the job of a request that needs no uploads, or joins the one that does the same already. */
export function acceptJob(
  { state, queue }: JobRequestParts,
  stored: StoredRequest & { readonly service: string },
  body: Uint8Array,
): Accepted {
  const { id, service, key, action, content } = stored;
  if (!knowsService(state, service)) throw unknown(service);
  acceptOnce(state, stored, body);
  const attached = attach(state, stored, content);
  if (attached !== undefined) return attached;
  const job = queue.add({ service, request: id, key, action, content }, (number) =>
    setRequestJob(state, id, number),
  );
  return { request: id, job: job.id, missing: [] };
}

/** Asks what is under way for a service to end before its cut-over; who asked follows the job to its end, whichever that is. */
export function acceptCancel(
  { state, queue }: JobRequestParts,
  stored: StoredRequest & { readonly service: string },
  by: string,
): Accepted {
  acceptOnce(state, stored, undefined);
  const job = queue.cancel(stored.service, by);
  if (job !== undefined) return attachTo(state, stored, job);
  throw new UserError(`cancel ${stored.service}: nothing of it is being deployed`, {
    code: "nothing-to-cancel",
    hint: `to go back to what ran before: mypaas rollback ${stored.service}`,
  });
}

const unknown = (service: string): UserError =>
  new UserError(`service ${service}: not known here`, {
    code: "no-service",
    hint: "see what there is: mypaas releases",
  });
