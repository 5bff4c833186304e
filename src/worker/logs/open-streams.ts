import { redactor } from "../../core/redact.ts";
import type { ToolParts } from "../deploy/tools.ts";
import { knownSecrets } from "../jobs/known-secrets.ts";
import { createStreams, type Streams } from "./streams.ts";

/** Streams from this worker's Docker; the client is loaded at the first request. */
export function openStreams({ state, clock, random, config, engineSocket }: ToolParts): Streams {
  const docker = { instance: config.instance, socketPath: engineSocket };
  return createStreams({
    state,
    clock,
    random,
    docker: async () => {
      const { createLogSource } = await import("../../adapters/engines/docker/log-stream.ts");
      const { createReplicas } = await import("../../adapters/engines/docker/replicas.ts");
      return { logs: createLogSource(docker), replicas: createReplicas(docker) };
    },
    redactFor: (service) => redactor(knownSecrets(state, service)),
  });
}
