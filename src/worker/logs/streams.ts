import { command } from "../../core/hints.ts";
import { UserError } from "../../core/errors.ts";
import { redactor } from "../../core/redact.ts";
import { parseRequest } from "../../core/wire/request.ts";
import type { PsSnapshot } from "../../core/actions/watch.ts";
import type { StreamAction } from "../../core/actions/actions.ts";
import type { LogSource } from "../../adapters/engines/docker/log-stream.ts";
import type { ReplicaFacts } from "../../adapters/engines/docker/replicas.ts";
import { requestBody, type StoredRequest } from "../../adapters/state/requests.ts";
import { callerOf } from "../access/enrolled-keys.ts";
import { refuseUnknownService } from "../accept/known-service.ts";
import type { ToolParts } from "../deploy/tools.ts";
import { knownSecrets } from "../jobs/known-secrets.ts";
import { watchServices, type PsRequest } from "../status/ps.ts";
import { LogSessions, type SessionsParts } from "./log-sessions.ts";
import { failedItem } from "./session.ts";

/** Answers that go on until their reader leaves: `logs` and `ps`. */
export interface Streams {
  /** Throws UserError for a service that does not exist. */
  readonly check: (action: StreamAction) => void;
  /** Text of whole lines, from a cursor on. */
  readonly open: (
    stored: StoredRequest,
    from: string,
    signal: AbortSignal,
  ) => Promise<AsyncIterable<string>>;
  /** What runs now. */
  readonly snapshot: (wanted: Omit<PsRequest, "watch">) => Promise<PsSnapshot>;
  /** Resolves when all readers have the log of a container, or after 2 s. After a crash of the worker, readers have 5 s to come back. */
  readonly drained: (container: string) => Promise<void>;
  readonly stop: () => void;
}

export interface StreamParts extends SessionsParts {
  /** Loads the Docker client at the first call. */
  readonly docker: () => Promise<{
    readonly logs: LogSource;
    readonly replicas: () => Promise<readonly ReplicaFacts[]>;
  }>;
}

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

export function createStreams(parts: StreamParts): Streams {
  const { state, clock } = parts;
  const sessions = new LogSessions(parts);
  return {
    check: ({ service }) => {
      if (service !== undefined) refuseUnknownService(state, service, command("ps"));
    },
    open: async (stored, from, signal) => {
      const body = requestBody(state, stored.id);
      const request = body && parseRequest(body);
      if (request?.action !== "logs" && request?.action !== "ps")
        throw new UserError("request: its answer is not a stream", { code: "not-found" });
      const { logs: source, replicas } = await parts.docker();
      if (request.action === "logs")
        return sessions.read(stored, { wanted: request, source, from }, signal);
      const caller = callerOf(state, stored.key);
      if (caller === undefined) throw new Error(`key ${stored.key}: not enrolled any more`);
      return jsonLines(watchServices({ state, clock, replicas }, { ...request, caller }, signal));
    },
    snapshot: async ({ service, caller }) => {
      const { replicas } = await parts.docker();
      const wanted = { ...(service !== undefined && { service }), caller, watch: false };
      const { signal } = new AbortController();
      for await (const one of watchServices({ state, clock, replicas }, wanted, signal)) return one;
      throw new Error("ps: said nothing");
    },
    drained: (container) => sessions.drained(container),
    stop: () => sessions.stop(),
  };
}

/** One JSON line for each item. An error of the engine is the last one: the reader does not repeat the request. */
async function* jsonLines(items: AsyncIterable<unknown>): AsyncGenerator<string> {
  try {
    for await (const item of items) yield `${JSON.stringify(item)}\n`;
  } catch (error) {
    yield `${JSON.stringify(failedItem(error))}\n`;
  }
}
