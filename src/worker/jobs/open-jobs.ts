import { instancePaths } from "../../core/server/instance.ts";
import type { WantedBlob } from "../../core/wire/protocol.ts";
import { forgetOldBlobs, isBlobReferenced } from "../../adapters/state/blobs.ts";
import { dropChanges } from "../../adapters/state/job-changes.ts";
import { forgetJobs, unfinishedJobs } from "../../adapters/state/jobs.ts";
import {
  forgetReleases,
  listReleases,
  liveRelease,
  stoppedRelease,
} from "../../adapters/state/releases.ts";
import { closeRequests, type StoredRequest } from "../../adapters/state/requests.ts";
import type { State } from "../../adapters/state/state.ts";
import { takeBlob } from "../../adapters/spool/take-blob.ts";
import { createPushes, type Pushes } from "../accept/pushes.ts";
import { tokenAfterJobMs } from "../access/tokens.ts";
import { queuedKinds } from "./job-kinds.ts";
import { createJobLog, type JobLog } from "./job-log.ts";
import type { JobParts } from "./job-kind.ts";
import { jobSecrets } from "./known-secrets.ts";
import { createQueue, type Queue } from "./queue.ts";

const jobsAtOnce = 4;
/** Pushes of a service whose blobs stay, so that an unchanged file never travels twice. */
const keptPushes = 5;
const keptJobs = 50;

/** All that takes part in jobs: their log, their queue, and the uploads before them. */
export interface Jobs {
  readonly log: JobLog;
  readonly queue: Queue;
  readonly pushes: Pushes;
}

/** Opens the log, the queue and the uploads of a worker; begins nothing. */
export function openJobs(parts: JobParts): Jobs {
  const { state, store, clock } = parts;
  const { now } = clock;
  const log = createJobLog({ state, now });
  const queue: Queue = createQueue({
    state,
    log,
    clock,
    limit: jobsAtOnce,
    kindOf: queuedKinds(parts),
    secretsOf: (job) => jobSecrets(state, job),
    still: (service) => stillRuns(state, service),
    onEnd: (job) => {
      closeRequests(state, job.id, now() + tokenAfterJobMs);
      dropChanges(state, job.id);
      forgetJobs(state, job.service, keptJobs);
      forgetReleases(state, job.service, keptJobs);
      forgetOldBlobs(state, job.service, keptPushes);
      void sweepBlobs(parts, pushes);
    },
  });
  const pushes: Pushes = createPushes({
    state,
    store,
    queue,
    take: (stored, wanted) => take(parts, stored, wanted),
  });
  return { log, queue, pushes };
}

/** Copies an upload into the store; the requests of root come through the local socket, all others through the receiver, and each has its own spool. */
async function take(parts: JobParts, stored: StoredRequest, wanted: WantedBlob): Promise<void> {
  const paths = instancePaths(parts.config);
  await takeBlob({
    spoolDir: stored.key === "root" ? paths.localSpool : paths.spool,
    request: stored.id,
    wanted,
    into: parts.store,
  });
}

/** Removes blobs that no push needs; not while a push is taken over or built, whose blobs could be between two records. */
async function sweepBlobs({ state, store }: JobParts, pushes: Pushes): Promise<void> {
  if (pushes.isTaking() || unfinishedJobs(state).length > 0) return;
  try {
    await store.sweep((sha256) => isBlobReferenced(state, sha256));
  } catch {
    // What could not be removed now is removed after the next deploy.
  }
}

/** One sentence about what serves a service now. */
export function stillRuns(state: State, service: string): string {
  const live = liveRelease(state, service);
  if (live !== undefined) return `${service} still runs release ${live.release.number}`;
  const stopped = stoppedRelease(state, service);
  if (stopped !== undefined) return `${service} is stopped`;
  const hasRun = listReleases(state, service).some(({ state: was }) => was === "retired");
  return `nothing runs under ${service}${hasRun ? "" : " yet"}`;
}
