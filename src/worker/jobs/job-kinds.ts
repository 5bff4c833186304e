import { type Hint, command, hint } from "../../core/hints.ts";
import { UserError } from "../../core/errors.ts";
import type { DoneEvent } from "../../core/wire/event-roles.ts";
import type { Say } from "../../core/wire/events.ts";
import { authorise } from "../../core/wire/permissions.ts";
import { isJobAction, type JobAction } from "../../core/actions/actions.ts";
import { parseRequest } from "../../core/wire/request.ts";
import type { Job } from "../../adapters/state/jobs.ts";
import { requestBody } from "../../adapters/state/requests.ts";
import type { State } from "../../adapters/state/state.ts";
import { callerOf } from "../access/enrolled-keys.ts";
import { noService, type JobKind, type JobParts, type Recovered } from "./job-kind.ts";
import { envSet, envUnset } from "./kinds/env.ts";
import { pull } from "./kinds/pull.ts";
import { push } from "./kinds/push.ts";
import { remove } from "./kinds/remove.ts";
import { restart } from "./kinds/restart.ts";
import { rollback } from "./kinds/rollback.ts";
import { scale } from "./kinds/scale.ts";
import { start } from "./kinds/start.ts";
import { stop } from "./kinds/stop.ts";

type JobName = JobAction["action"];

/** One kind of job for each action that becomes one. */
const jobKinds: { readonly [N in JobName]: JobKind<Extract<JobAction, { readonly action: N }>> } = {
  push,
  pull,
  rollback,
  scale,
  restart,
  start,
  stop,
  remove,
  "env.set": envSet,
  "env.unset": envUnset,
};

/** The kind of job that an action becomes. */
export const kindOf = <A extends JobAction>({ action }: A): JobKind<A> =>
  jobKinds[action] as unknown as JobKind<A>;

/** A kind of job as the queue takes it. */
export interface QueuedKind extends Pick<JobKind<JobAction>, "scope" | "supersedes"> {
  /** What errors call a job, such as `restart web`. */
  readonly title: (job: Job) => string;
  /** A hint with the command that asks for the same again; undefined where the request is not known any more. */
  readonly again: (job: Job) => Hint | undefined;
  /** Does the job and returns how it ended; throws, and then nothing changed. */
  readonly perform: (job: Job, say: Say, signal: AbortSignal) => Promise<DoneEvent>;
  readonly recovery: "repeat" | QueuedRecovery;
}

export interface QueuedRecovery {
  readonly resume: (job: Job, say: Say) => Promise<void>;
  readonly outcome: (job: Job) => Recovered | undefined;
}

/** The kinds of jobs for a queue, by action; a job whose action only another version knows fails. */
export function queuedKinds(parts: JobParts): (action: string) => QueuedKind {
  return (action) =>
    Object.hasOwn(jobKinds, action) ? queuedKind(parts, action as JobName) : unknownKind(action);
}

function queuedKind(parts: JobParts, name: JobName): QueuedKind {
  const { state, clock } = parts;
  const kind = jobKinds[name] as unknown as JobKind<JobAction>;
  const { scope = "service", supersedes = false, verb = name, recovery } = kind;
  const title = ({ service }: Job) => (service === noService ? verb : `${verb} ${service}`);
  return {
    scope,
    supersedes,
    title,
    again: (job) => {
      try {
        const action = readAction(state, job);
        if (action === undefined) return undefined;
        return kind.again?.(action) ?? hint`${verb} it again: ${command(title(job))}`;
      } catch {
        return undefined;
      }
    },
    perform: async (job, say, signal) => {
      const caller = callerOf(state, job.key);
      if (caller === undefined) throw keyRemoved(job.key);
      const action = readAction(state, job);
      if (action === undefined) throw new Error(`job ${job.id} has nothing to do`);
      // Again, because a key may have expired or been limited while its request waited.
      authorise(caller, action, clock.now());
      return kind.perform({ ...parts, job, title: title(job), caller, say, signal }, action);
    },
    recovery:
      recovery === "repeat"
        ? recovery
        : {
            resume: (job, say) => recovery.resume(parts, job, say),
            outcome: (job) => recovery.outcome(parts, job),
          },
  };
}

const unknownKind = (action: string): QueuedKind => ({
  title: ({ service }) => `${action} ${service}`.trimEnd(),
  again: () => undefined,
  perform: async ({ service }) => {
    throw new UserError(
      `${`${action} ${service}`.trimEnd()}: not known to this version of mypaas`,
      {
        code: "unknown-job",
        hint: "update mypaas on the server",
      },
    );
  },
  recovery: { resume: async () => undefined, outcome: () => undefined },
});

/** What the signed bytes of a job's request ask for; they are kept until it ends. */
function readAction(state: State, job: Job): JobAction | undefined {
  const body = requestBody(state, job.request);
  const request = body === undefined ? undefined : parseRequest(body);
  return request !== undefined && isJobAction(request) ? request : undefined;
}

const keyRemoved = (key: string): UserError =>
  new UserError(`key ${key}: was removed before its job began`, {
    code: "unknown-key",
    hint: hint`ask again with a key that is enrolled: ${command("key list")}`,
  });
