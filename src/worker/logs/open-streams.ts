import { redactor } from "../../core/redact.ts";
import type { InstanceConfig } from "../../core/server/instance.ts";
import type { Clock } from "../../deploy/ports.ts";
import type { State } from "../../adapters/state/state.ts";
import { knownSecrets } from "../jobs/known-secrets.ts";
import { createStreams, type Streams } from "./streams.ts";

/** Streams from this worker's Docker; the client is loaded at the first request. */
export function openStreams(parts: {
  readonly state: State;
  readonly clock: Clock;
  readonly random: (bytes: number) => Buffer;
  readonly config: Pick<InstanceConfig, "instance">;
  readonly engineSocket: string;
}): Streams {
  const { state, clock, random, config, engineSocket: socketPath } = parts;
  const { instance } = config;
  return createStreams({
    state,
    clock,
    random,
    docker: async () => {
      const [{ createLogSource }, { createReplicas }] = await Promise.all([
        import("../../adapters/engines/docker/log-stream.ts"),
        import("../../adapters/engines/docker/replicas.ts"),
      ]);
      return {
        logs: createLogSource({ instance, socketPath }),
        replicas: createReplicas({ instance, socketPath }),
      };
    },
    redactFor: (service) => redactor(knownSecrets(state, service)),
  });
}
