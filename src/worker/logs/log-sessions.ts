import { UserError } from "../../core/errors.ts";
import { readCursor } from "../../core/logs/cursor.ts";
import type { Redact } from "../../core/redact.ts";
import type { Clock } from "../../deploy/ports.ts";
import type { LogSource } from "../../adapters/engines/docker/log-stream.ts";
import { readMeta, writeMeta } from "../../adapters/state/meta.ts";
import type { StoredRequest } from "../../adapters/state/requests.ts";
import { knowsService } from "../../adapters/state/services.ts";
import type { State } from "../../adapters/state/state.ts";
import { endedWithin } from "../ended-within.ts";
import type { LogsAction } from "./lines.ts";
import { LogSession } from "./session.ts";

export interface SessionsParts {
  readonly state: State;
  readonly clock: Clock;
  readonly random: (bytes: number) => Buffer;
  /** Hides the values that were set on the server for a service. */
  readonly redactFor: (service: string) => Redact;
}

/** Each session keeps up to 3 MB. */
const maxSessions = 32;
const drainMs = 2000;
/** A new worker waits this long for the readers of the one before. */
const comeBackMs = 5000;
const readersKey = "log-readers";

/** The open log sessions by request. The state keeps their requests for the worker after a crash. */
export class LogSessions {
  readonly #parts: SessionsParts;
  readonly #sessions = new Map<string, LogSession>();
  readonly #waitUntil: number;
  readonly #missing: Set<string>;
  #isStopping = false;

  constructor(parts: SessionsParts) {
    this.#parts = parts;
    this.#waitUntil = parts.clock.now() + comeBackMs;
    this.#missing = new Set((readMeta(parts.state, readersKey) ?? "").split(" ").filter(Boolean));
  }

  /** Continues the session of a request at a cursor, or starts one. Throws UserError "busy". */
  read(
    { id: request, accepted }: StoredRequest,
    { wanted, source, from }: { wanted: LogsAction; source: LogSource; from: string },
    signal: AbortSignal,
  ): AsyncIterable<string> {
    const cursor = readCursor(from);
    const known = this.#sessions.get(request);
    if (known?.has(cursor) === true) return known.read(cursor, signal);
    known?.end();
    if (this.#sessions.size >= maxSessions)
      throw new UserError("server: too many commands follow logs", { code: "busy" });
    const { state, clock, random, redactFor } = this.#parts;
    const session = new LogSession({
      id: random(8).toString("hex"),
      source,
      clock,
      wanted,
      begin: wanted.sinceMs === undefined ? undefined : timeText(accepted - wanted.sinceMs),
      cursor,
      redact: () => redactFor(wanted.service),
      isKnown: () => knowsService(state, wanted.service),
      onEnd: () => {
        if (this.#sessions.get(request) === session) this.#sessions.delete(request);
        this.#store();
      },
    });
    this.#sessions.set(request, session);
    this.#missing.delete(request);
    this.#store();
    return session.read(cursor, signal);
  }

  /** Resolves when all sessions have read a container to its end, or after 2 s. */
  async drained(container: string): Promise<void> {
    await this.#readersBack();
    if (this.#sessions.size === 0) return;
    const all = Promise.all([...this.#sessions.values()].map((one) => one.drained(container)));
    if (await endedWithin(this.#parts.clock, all, { ms: drainMs })) await all;
  }

  stop(): void {
    this.#isStopping = true;
    for (const session of this.#sessions.values()) session.end();
  }

  async #readersBack(): Promise<void> {
    const { clock } = this.#parts;
    while (!this.#isStopping && this.#missing.size > 0 && clock.now() < this.#waitUntil)
      await clock.sleep(50);
  }

  #store(): void {
    if (this.#isStopping) return;
    writeMeta(this.#parts.state, readersKey, [...this.#sessions.keys()].join(" "));
  }
}

/** The engine's form of a time, with nanoseconds. */
const timeText = (ms: number): string =>
  new Date(Math.max(0, ms)).toISOString().replace("Z", "000000Z");
