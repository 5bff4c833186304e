import { UserError } from "../core/errors.ts";
import type { Accepted, JobAction } from "../core/wire/protocol.ts";
import type { Results } from "../core/wire/results.ts";
import { setEnv, unsetEnv } from "../adapters/state/env.ts";
import { stageEnv, stageScale, type EnvChanges } from "../adapters/state/job-changes.ts";
import { liveRelease, setStoppedEnv } from "../adapters/state/releases.ts";
import { setRequestJob, type StoredRequest } from "../adapters/state/requests.ts";
import { knowsService } from "../adapters/state/services.ts";
import type { State } from "../adapters/state/state.ts";
import { acceptOnce } from "./accept-once.ts";
import { attach, attachTo } from "./attach.ts";
import { writtenScale } from "./deploy/own-scale.ts";
import type { Queue } from "./queue.ts";

export interface JobRequestParts {
  readonly state: State;
  readonly queue: Queue;
}

/** A request that becomes a job without uploads. */
export type DirectJobAction = Exclude<JobAction, { readonly action: "push" }>;

/** Begins the job of a request that needs no uploads, or joins the one that does the same already; values for a service that does not run are kept at once instead. */
export function acceptJob(
  parts: JobRequestParts,
  stored: StoredRequest,
  request: DirectJobAction,
  body: Uint8Array,
): Accepted {
  const { state, queue } = parts;
  const { service } = request;
  const env = changesOf(request);
  const isRunning = liveRelease(state, service) !== undefined;
  if (env !== undefined && (!isRunning || stages(request))) return keepEnv(state, stored, request);
  if (!knowsService(state, service)) throw unknown(service);
  acceptOnce(state, stored, env === undefined ? body : withoutValues(request, body));
  const { id, key, action, content } = stored;
  const attached = attach(state, stored, content);
  if (attached !== undefined) return attached;
  const job = queue.add({ service, request: id, key, action, content }, (number) => {
    if (env !== undefined) stageEnv(state, number, env);
    if (request.action === "scale")
      stageScale(state, number, {
        written: writtenScale(state, service),
        replicas: request.replicas,
      });
    setRequestJob(state, id, number);
  });
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

function changesOf(request: DirectJobAction): EnvChanges | undefined {
  if (request.action === "env.set") return request.set;
  if (request.action !== "env.unset") return undefined;
  return Object.fromEntries(request.names.map((name) => [name, undefined]));
}

const stages = (request: DirectJobAction): boolean => "stage" in request && request.stage === true;

/** For the next push, and for the next start of what is stopped. */
function keepEnv(state: State, stored: StoredRequest, request: DirectJobAction): Accepted {
  acceptOnce(state, stored, undefined);
  const { id: asked } = stored;
  return state.transaction(() => {
    if (!stages(request)) setStoppedEnv(state, request.service, changesOf(request) ?? {});
    const result = envResult(state, request);
    return { request: asked, missing: [], result };
  });
}

function envResult(
  state: State,
  request: DirectJobAction,
): Results["env.set"] | Results["env.unset"] | undefined {
  const { service } = request;
  if (request.action === "env.unset")
    return { service, unset: unsetEnv(state, service, request.names) };
  if (request.action !== "env.set") return undefined;
  setEnv(state, service, request.set);
  return { service, set: Object.keys(request.set) };
}

/** What is kept of the signed bytes: everything but secrets. */
function withoutValues(request: DirectJobAction, body: Uint8Array): Uint8Array {
  if (request.action !== "env.set") return body;
  const set = Object.fromEntries(Object.keys(request.set).map((name) => [name, ""]));
  return Buffer.from(JSON.stringify({ ...request, set }));
}

const unknown = (service: string): UserError =>
  new UserError(`service ${service}: not known here`, {
    code: "no-service",
    hint: "see what there is: mypaas releases",
  });
