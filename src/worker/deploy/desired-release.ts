import type { Say } from "../../core/wire/events.ts";
import { isJobAction, type JobAction } from "../../core/actions/actions.ts";
import type { PushManifest } from "../../core/actions/push.ts";
import type { ServiceSpec } from "../../core/release/spec.ts";
import { contentId, parseRequest } from "../../core/wire/request.ts";
import { readEnv } from "../../adapters/state/env.ts";
import type { Job } from "../../adapters/state/jobs.ts";
import { listReleases, type StoredRelease } from "../../adapters/state/releases.ts";
import { stagedEnv } from "../../adapters/state/job-changes.ts";
import { requestBody } from "../../adapters/state/requests.ts";
import type { State } from "../../adapters/state/state.ts";
import type { BlobStore } from "../../adapters/host/blob-store.ts";
import { readPush } from "./push-content.ts";
import { releaseToStart, repeat, rescale, runningRelease, withChanges } from "./from-existing.ts";
import { rollbackTarget } from "./rollback.ts";
import { forgetOutdatedScale, scaledByCommand } from "./scale-override.ts";

/** What ends in a release that is live. */
export type ReleaseAction = Exclude<JobAction, { readonly action: "stop" | "remove" }>;

/** What a job was asked to make live: settings, values and where its image comes from. */
export interface Order {
  readonly spec: ServiceSpec;
  /** Values for its environment beside those in the spec. */
  readonly env: Readonly<Record<string, string>>;
  /** Content id, which tells whether an image is there already. */
  readonly content: string;
  readonly source: Source;
  /** The release whose image and settings these are, where nobody would call it another one. */
  readonly repeats?: number;
  /** Makes a release even where it would run the same way. */
  readonly isForced?: boolean;
}

export type Source =
  | { readonly kind: "push"; readonly manifest: PushManifest }
  | { readonly kind: "repeat"; readonly of: StoredRelease };

/** True for a push that wants its image built whatever is there. */
export const asksForBuild = ({ source }: Pick<Order, "source">): boolean =>
  source.kind === "push" && (source.manifest.options.pull || source.manifest.options.noCache);

/** What the signed bytes of a job's request say. */
export function readAction(state: State, job: Job): JobAction {
  const body = requestBody(state, job.request);
  const request = body === undefined ? undefined : parseRequest(body);
  if (request !== undefined && isJobAction(request)) return request;
  throw new Error(`job ${job.id} has nothing to do`);
}

/** Finds out what is to be made live; throws UserError with everything that is wrong about it. */
export async function readOrder(
  { state, store }: { readonly state: State; readonly store: BlobStore },
  job: Job,
  action: ReleaseAction,
  say: Say,
): Promise<Order> {
  const { service } = action;
  switch (action.action) {
    case "push": {
      const manifest = action.push;
      const written = await readPush(store, action, say);
      forgetOutdatedScale(state, job.id, written);
      const spec = scaledByCommand(state, written);
      const source = { kind: "push", manifest } as const;
      return { spec, env: readEnv(state, service), content: contentId(action), source };
    }
    case "rollback": {
      const of = rollbackTarget(service, listReleases(state, service), action.release);
      say({
        kind: "step",
        text: `going back to release ${of.release.number} with the values it had`,
      });
      return repeat(of);
    }
    case "restart":
      return { ...repeat(runningRelease(state, action)), isForced: true };
    case "start":
      return repeat(releaseToStart(state, service));
    case "scale":
      return rescale(runningRelease(state, action), action.replicas);
    case "env.set":
    case "env.unset":
      return withChanges(runningRelease(state, action), stagedEnv(state, job.id));
  }
}
