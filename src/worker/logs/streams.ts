import { UserError } from "../../core/errors.ts";
import { readCursor } from "../../core/logs/cursor.ts";
import type { Redact } from "../../core/redact.ts";
import { parseRequest } from "../../core/wire/request.ts";
import type { WatchAction } from "../../core/wire/watching.ts";
import type { Clock } from "../../deploy/ports.ts";
import type { LogSource } from "../../adapters/engines/docker/log-stream.ts";
import type { ReadUsage } from "../../adapters/engines/docker/usage.ts";
import type { ReplicaFacts } from "../../adapters/engines/docker/replicas.ts";
import { readMeta, writeMeta } from "../../adapters/state/meta.ts";
import { requestBody, type StoredRequest } from "../../adapters/state/requests.ts";
import { knowsService } from "../../adapters/state/services.ts";
import type { State } from "../../adapters/state/state.ts";
import { callerOf } from "../access/enrolled-keys.ts";
import { refuseUnknownService } from "../accept/known-service.ts";
import { failedItem, openLogSession, type LogSession } from "./session.ts";
import type { LogsAction } from "./lines.ts";
import { watchServices } from "../status/ps.ts";
import { command } from "../../core/hints.ts";

/** What goes on until its reader leaves. */
export interface Streams {
  /** Refuses what can show nothing. */
  readonly check: (action: WatchAction) => void;
  /** Text of whole lines, from a cursor on. */
  readonly open: (
    stored: StoredRequest,
    from: string,
    signal: AbortSignal,
  ) => Promise<AsyncIterable<string>>;
  /** Resolves when readers have what a container printed before it ended, or after 2 s: it may be removed then, and its log with it. Readers whose worker was killed are given a moment to come back. */
  readonly drained: (container: string) => Promise<void>;
  readonly stop: () => void;
}

export interface StreamParts {
  readonly state: State;
  readonly clock: Clock;
  readonly random: (bytes: number) => Buffer;
  /** Loads what speaks to Docker when somebody looks first. */
  readonly docker: () => Promise<{
    readonly logs: LogSource;
    readonly replicas: () => Promise<readonly ReplicaFacts[]>;
  }>;
  readonly usage: ReadUsage;
  /** Hides the values that were set on the server for a service. */
  readonly redactFor: (service: string) => Redact;
}

/** Each keeps up to 3 MB for its reader. */
const maxSessions = 32;
const drainMs = 2000;
/** How long readers that a worker before this one had are waited for after its start. */
const comeBackMs = 5000;
const readersKey = "log-readers";

export function createStreams(parts: StreamParts): Streams {
  const { state, clock } = parts;
  const sessions = new Map<string, LogSession>();
  const waitUntil = clock.now() + comeBackMs;
  const lost = new Set((readMeta(state, readersKey) ?? "").split(" ").filter(Boolean));
  let isStopping = false;
  const remember = () => {
    if (!isStopping) writeMeta(state, readersKey, [...sessions.keys()].join(" "));
  };
  const allBack = async () => {
    while (!isStopping && lost.size > 0 && clock.now() < waitUntil) await clock.sleep(50);
  };

  const openLogs = async (
    { id: request, accepted }: StoredRequest,
    wanted: LogsAction,
    from: string,
  ): Promise<{ readonly session: LogSession; readonly cursor: ReturnType<typeof readCursor> }> => {
    const cursor = readCursor(from);
    const { logs: source } = await parts.docker();
    const known = sessions.get(request);
    if (known?.has(cursor) === true) return { session: known, cursor };
    known?.end();
    if (sessions.size >= maxSessions)
      throw new UserError("server: too many follow logs at the same time", { code: "busy" });
    const begin = wanted.sinceMs === undefined ? undefined : timeText(accepted - wanted.sinceMs);
    const session = openLogSession({
      id: parts.random(8).toString("hex"),
      source,
      clock,
      wanted,
      begin,
      cursor,
      redact: () => parts.redactFor(wanted.service),
      isKnown: () => knowsService(state, wanted.service),
      onEnd: () => {
        if (sessions.get(request) === session) sessions.delete(request);
        remember();
      },
    });
    sessions.set(request, session);
    lost.delete(request);
    remember();
    return { session, cursor };
  };

  return {
    check: ({ service }) => {
      if (service !== undefined) refuseUnknownService(state, service, command("ps"));
    },
    open: async (stored, from, signal) => {
      const body = requestBody(state, stored.id);
      if (body === undefined) throw notAStream();
      const request = parseRequest(body);
      if (request.action === "logs") {
        const { session, cursor } = await openLogs(stored, request, from);
        return session.attach(cursor, signal);
      }
      if (request.action !== "ps") throw notAStream();
      const { replicas } = await parts.docker();
      const asked = { ...request, caller: callerOf(state, stored.key) };
      const { usage } = parts;
      return jsonLines(watchServices({ state, clock, replicas, usage }, asked, signal));
    },
    drained: async (container) => {
      await allBack();
      if (sessions.size === 0) return;
      const enough = new AbortController();
      const all = Promise.all([...sessions.values()].map((session) => session.drained(container)));
      await Promise.race([all, clock.sleep(drainMs, enough.signal).catch(() => undefined)]);
      enough.abort();
    },
    stop: () => {
      isStopping = true;
      for (const session of sessions.values()) session.end();
    },
  };
}

/** Nanoseconds are more than a clock of ours tells. */
const timeText = (ms: number): string =>
  new Date(Math.max(0, ms)).toISOString().replace("Z", "000000Z");

/** An engine that is away is told of, not retried by who looks. */
async function* jsonLines(items: AsyncIterable<unknown>): AsyncGenerator<string> {
  try {
    for await (const item of items) yield `${JSON.stringify(item)}\n`;
  } catch (error) {
    yield `${JSON.stringify(failedItem(error))}\n`;
  }
}

const notAStream = (): UserError =>
  new UserError("request: nothing of it streams", { code: "not-found" });
