import type { InstanceConfig } from "../../core/server/instance.ts";
import type { Say } from "../../core/wire/events.ts";
import type { Caller } from "../../core/wire/permissions.ts";
import type { Clock } from "../../deploy/ports.ts";
import type { BlobStore } from "../../adapters/host/blob-store.ts";
import type { Job } from "../../adapters/state/jobs.ts";
import type { State } from "../../adapters/state/state.ts";
import type { Certificates } from "../certificates/certificates.ts";
import type { DeployTools } from "../deploy/deploy-context.ts";
import type { TraefikEventStream } from "./traefik-event-stream.ts";

/** What jobs need of the worker. */
export interface JobParts {
  readonly state: State;
  readonly store: BlobStore;
  readonly config: InstanceConfig;
  readonly clock: Clock;
  readonly tools: () => Promise<DeployTools>;
  readonly certificates: Pick<Certificates, "requestEarly" | "report">;
  readonly traefikEvents: Pick<TraefikEventStream, "waitUntilSubscribed">;
}

/** One job that runs. */
export interface JobRun extends JobParts {
  readonly job: Job;
  /** What errors call it, such as `restart web`. */
  readonly title: string;
  /** Whose key asked for it. */
  readonly caller: Caller;
  readonly say: Say;
  /** Aborted when the job is asked to end. */
  readonly signal: AbortSignal;
}
