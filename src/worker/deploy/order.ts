import type { Say } from "../../core/wire/events.ts";
import type { JobAction, PushManifest } from "../../core/wire/protocol.ts";
import type { ServiceSpec } from "../../core/release/spec.ts";
import { contentId, parseRequest } from "../../core/wire/request.ts";
import { readEnv } from "../../adapters/state/env.ts";
import type { Job } from "../../adapters/state/jobs.ts";
import { listReleases, type StoredRelease } from "../../adapters/state/releases.ts";
import { requestBody } from "../../adapters/state/requests.ts";
import type { State } from "../../adapters/state/state.ts";
import type { BlobStore } from "../../adapters/server/blob-store.ts";
import { readPush } from "./push-content.ts";
import { rollbackTarget } from "./rollback.ts";

/** What a job was asked to make live: settings, values and where its image comes from. */
export interface Order {
  readonly spec: ServiceSpec;
  /** Values for its environment beside those in the spec. */
  readonly env: Readonly<Record<string, string>>;
  /** Content id, which tells whether an image is there already. */
  readonly content: string;
  readonly source: Source;
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
  if (request?.action === "push" || request?.action === "rollback") return request;
  throw new Error(`job ${job.id} has nothing to do`);
}

/** Finds out what is to be made live; throws UserError with everything that is wrong about it. */
export async function readOrder(
  { state, store }: { readonly state: State; readonly store: BlobStore },
  action: JobAction,
  say: Say,
): Promise<Order> {
  const { service } = action;
  switch (action.action) {
    case "push": {
      const manifest = action.push;
      const spec = await readPush(store, action, say);
      const source = { kind: "push", manifest } as const;
      return { spec, env: readEnv(state, service), content: contentId(action), source };
    }
    case "rollback": {
      const of = rollbackTarget(service, listReleases(state, service), action.release);
      const { spec, env } = of.release;
      say({
        kind: "step",
        text: `going back to release ${of.release.number} with the values it had`,
      });
      return { spec, env, content: of.content, source: { kind: "repeat", of } };
    }
  }
}
