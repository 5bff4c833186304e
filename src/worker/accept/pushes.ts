import { UserError } from "../../core/errors.ts";
import { parseRequest } from "../../core/wire/request.ts";
import type { Accepted, WantedBlob } from "../../core/wire/protocol.ts";
import type { ActionOf } from "../../core/actions/actions.ts";
import type { InstanceConfig } from "../../core/server/instance.ts";
import type { PushManifest } from "../../core/actions/push.ts";
import { askedFor, blobsOf } from "../../sources/push.ts";
import type { BlobStore } from "../../adapters/host/blob-store.ts";
import { forgetBlob, knowsBlob, recordBlobs } from "../../adapters/state/blobs.ts";
import { keepProjectChange } from "../../adapters/state/job-changes.ts";
import { requestBody, setRequestJob, type StoredRequest } from "../../adapters/state/requests.ts";
import type { State } from "../../adapters/state/state.ts";
import { refuseOtherProject, withoutRoutes } from "./other-project.ts";
import { acceptOnce, followExistingJob } from "./accept-once.ts";
import type { Queue } from "../jobs/queue.ts";

/** From the manifest of a push to its job: says which blobs are missing, takes them over, adds the job. */
export interface Pushes {
  readonly accept: (
    stored: StoredRequest,
    request: ActionOf<"push">,
    body: Uint8Array,
  ) => Promise<Accepted>;
  readonly status: (stored: StoredRequest) => Promise<Accepted>;
  /** Begins the job; `take` puts a missing blob into the store, from the spool where it is left out. */
  readonly start: (stored: StoredRequest, take?: TakeBlob) => Promise<Accepted>;
  /** True while blobs are being taken over, which a sweep must not disturb. */
  readonly isTaking: () => boolean;
}

/** Puts the bytes of a blob into the store; throws UserError for bytes with another hash. */
export type TakeBlob = (wanted: WantedBlob) => Promise<void>;

export interface PushParts {
  readonly state: State;
  readonly store: BlobStore;
  readonly config: Pick<InstanceConfig, "domain">;
  readonly queue: Queue;
  /** Copies an uploaded blob into the store, out of the spool of the entry that the request came through. */
  readonly take: (stored: StoredRequest, wanted: WantedBlob) => Promise<void>;
}

export function createPushes(parts: PushParts): Pushes {
  const { state, store, queue } = parts;
  const starting = new Map<string, Promise<Accepted>>();

  const answer = async (stored: StoredRequest): Promise<Accepted> => {
    if (stored.job !== undefined) return { request: stored.id, job: stored.job, missing: [] };
    const { service, manifest } = readManifest(state, stored);
    const missing = await missingBlobs(parts, service, manifest);
    return { request: stored.id, missing };
  };

  const begin = async (stored: StoredRequest, take: TakeBlob): Promise<Accepted> => {
    if (stored.job !== undefined) return answer(stored);
    const { service, manifest, content } = readManifest(state, stored);
    const missing = await missingBlobs(parts, service, manifest);
    for (const blob of missing) await take(blob);
    const existing = followExistingJob(state, stored, { service, content });
    if (existing !== undefined) return existing;
    const { key, action } = stored;
    const job = queue.add({ service, request: stored.id, key, action, content }, (id) => {
      recordBlobs(state, service, id, blobsOf(manifest));
      setRequestJob(state, stored.id, id);
      const { project } = manifest.options;
      if (project !== undefined) keepProjectChange(state, id, withoutRoutes(project));
    });
    return { request: stored.id, job: job.id, missing: [] };
  };

  return {
    isTaking: () => starting.size > 0,
    status: answer,
    accept: async (stored, request, body) => {
      const missing = await missingBlobs(parts, request.service, request.push);
      refuseOtherProject(parts, request, missing.length);
      await store.refuseWhenFull(missing.reduce((sum, { size }) => sum + size, body.length));
      acceptOnce(state, stored, body);
      const { service } = request;
      const content = askedFor(stored.content, request.push);
      return (
        followExistingJob(state, stored, { service, content }) ?? { request: stored.id, missing }
      );
    },
    start: (stored, take = (wanted) => parts.take(stored, wanted)) => {
      // A client that lost the answer asks again while the first call is still copying.
      const begun =
        starting.get(stored.id) ?? begin(stored, take).finally(() => starting.delete(stored.id));
      starting.set(stored.id, begun);
      return begun;
    },
  };
}

/** The blobs that this service has never sent; what other services have sent does not count, or a push could ask what others hold. */
async function missingBlobs(
  { state, store }: PushParts,
  service: string,
  manifest: PushManifest,
): Promise<readonly WantedBlob[]> {
  const missing: WantedBlob[] = [];
  for (const blob of blobsOf(manifest)) {
    if (!knowsBlob(state, service, blob.sha256)) missing.push(blob);
    else if (!(await store.has(blob))) {
      forgetBlob(state, service, blob.sha256);
      missing.push(blob);
    }
  }
  return missing;
}

function readManifest(state: State, stored: StoredRequest) {
  const body = requestBody(state, stored.id);
  const request = body === undefined ? undefined : parseRequest(body);
  if (request?.action !== "push") {
    throw new UserError(`request ${stored.id.slice(0, 12)}: ${stored.action} has no uploads`, {
      code: "bad-request",
    });
  }
  const { service, push: manifest } = request;
  return { service, manifest, content: askedFor(stored.content, manifest) };
}
