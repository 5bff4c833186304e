import { UserError } from "../../core/errors.ts";
import type { Accepted, JobAction } from "../../core/wire/protocol.ts";
import type { Results } from "../../core/wire/results.ts";
import { setEnv, unsetEnv } from "../../adapters/state/env.ts";
import { stageEnv, stageScale, type EnvChanges } from "../../adapters/state/job-changes.ts";
import { liveRelease, setStoppedEnv } from "../../adapters/state/releases.ts";
import { setRequestJob, type StoredRequest } from "../../adapters/state/requests.ts";
import type { State } from "../../adapters/state/state.ts";
import { acceptOnce } from "./accept-once.ts";
import { attach, attachTo } from "./follow-existing-job.ts";
import { writtenScale } from "../deploy/scale-override.ts";
import { refuseUnknownService } from "./known-service.ts";
import type { Queue } from "../jobs/queue.ts";
import { command, hint } from "../../core/hints.ts";

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
  const env = isEnvChange(request) ? request : undefined;
  const isRunning = liveRelease(state, service) !== undefined;
  if (env !== undefined && (!isRunning || env.stage === true)) return keepEnv(state, stored, env);
  refuseUnknownService(state, service, command("releases"));
  acceptOnce(state, stored, request.action === "env.set" ? withoutValues(request) : body);
  const { id, key, action, content } = stored;
  const attached = attach(state, stored, content);
  if (attached !== undefined) return attached;
  const job = queue.add({ service, request: id, key, action, content }, (number) => {
    if (env !== undefined) stageEnv(state, number, changesOf(env));
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
    hint: hint`to go back to what ran before: ${command(`rollback ${stored.service}`)}`,
  });
}

type EnvChange = Extract<DirectJobAction, { readonly action: "env.set" | "env.unset" }>;

const isEnvChange = (request: DirectJobAction): request is EnvChange =>
  request.action === "env.set" || request.action === "env.unset";

const changesOf = (change: EnvChange): EnvChanges =>
  change.action === "env.set"
    ? change.set
    : Object.fromEntries(change.names.map((name) => [name, undefined]));

/** For the next push, and for the next start of what is stopped. */
function keepEnv(state: State, stored: StoredRequest, change: EnvChange): Accepted {
  acceptOnce(state, stored, undefined);
  return state.transaction(() => {
    if (change.stage !== true) setStoppedEnv(state, change.service, changesOf(change));
    return { request: stored.id, missing: [], result: changeEnv(state, change) };
  });
}

function changeEnv(state: State, change: EnvChange): Results["env.set"] | Results["env.unset"] {
  const { service } = change;
  if (change.action === "env.unset")
    return { service, unset: unsetEnv(state, service, change.names) };
  setEnv(state, service, change.set);
  return { service, set: Object.keys(change.set) };
}

/** What is kept of the signed bytes: everything but secrets. */
function withoutValues(request: Extract<EnvChange, { readonly action: "env.set" }>): Uint8Array {
  const set = Object.fromEntries(Object.keys(request.set).map((name) => [name, ""]));
  return Buffer.from(JSON.stringify({ ...request, set }));
}
