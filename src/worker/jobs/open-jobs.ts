import { instancePaths } from "../../core/server/instance.ts";
import { forgetOldBlobs, isBlobReferenced } from "../../adapters/state/blobs.ts";
import { dropChanges } from "../../adapters/state/job-changes.ts";
import { forgetJobs, unfinishedJobs } from "../../adapters/state/jobs.ts";
import {
  forgetReleases,
  listReleases,
  liveRelease,
  stoppedRelease,
} from "../../adapters/state/releases.ts";
import { closeRequests } from "../../adapters/state/requests.ts";
import type { State } from "../../adapters/state/state.ts";
import { takeBlob } from "../../adapters/spool/take-blob.ts";
import { createPushes, type Pushes } from "../accept/pushes.ts";
import { tokenAfterJobMs } from "../access/tokens.ts";
import { queuedKinds } from "./job-kinds.ts";
import { createJobLog } from "./job-log.ts";
import type { JobParts } from "./job-kind.ts";
import { jobSecrets } from "./known-secrets.ts";
import { createQueue, type Queue } from "./queue.ts";

const jobsAtOnce = 4;
/** Pushes of a service whose blobs stay, so that an unchanged file never travels twice. */
const keptPushes = 5;
const keptJobs = 50;

/** Opens the log of jobs, their queue, and the uploads before them; begins nothing. */
export function openJobs(parts: JobParts) {
  const { state, store, clock, config } = parts;
  const paths = instancePaths(config);
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
    config,
    queue,
    // The requests of root come through the local socket, all others through the receiver; each has its own spool.
    take: async ({ id: request, key }, wanted) => {
      const spoolDir = key === "root" ? paths.localSpool : paths.spool;
      await takeBlob({ spoolDir, request, wanted, into: store });
    },
  });
  return { log, queue, pushes };
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
