import { hintFields, hintOf } from "../../core/hints.ts";
import { UserError } from "../../core/errors.ts";
import type { LogCursor } from "../../core/logs/cursor.ts";
import type { FailedItem, LogItem } from "../../core/logs/item.ts";
import { createReplay } from "../../core/logs/replay.ts";
import { createListeners } from "../listeners.ts";
import type { ServiceFollower } from "./follow.ts";
import type { LogReading } from "./lines.ts";
import { readLogs } from "./read-logs.ts";

interface SessionParts extends Omit<LogReading, "emit" | "signal"> {
  /** Names this session, in hex. */
  readonly id: string;
  /** Called once, when the session ends. */
  readonly onEnd: () => void;
}

/** Bytes in memory for one reader; more stays with Docker until there is room. */
const limits = { maxUnsent: 1024 * 1024, maxSent: 2 * 1024 * 1024 };
const chunkSize = 64 * 1024;
/** Bytes of an item's JSON without its text, roughly. */
const itemSize = 200;
/** A session without a connection ends after this time. */
const awayMs = 90_000;

/** Reads logs for one client. A broken connection does not end it: the next connection continues where the last one broke. */
export class LogSession {
  readonly #parts: SessionParts;
  readonly #ended = new AbortController();
  readonly #replay = createReplay<LogItem>(limits);
  readonly #listeners = createListeners<"items" | "room">();
  readonly #following = Promise.withResolvers<ServiceFollower | undefined>();
  #isOver = false;
  #reader: AbortController | undefined;
  #away: AbortController | undefined;

  constructor(parts: SessionParts) {
    this.#parts = parts;
    const { signal } = this.#ended;
    void readLogs({ ...parts, emit: (item) => this.#emit(item), signal }, this.#following.resolve)
      .catch((error: unknown) => this.#put(failedItem(error)))
      .finally(() => {
        this.#following.resolve(undefined);
        this.#isOver = true;
        this.#listeners.notify("items");
      });
    // The client may be gone before the first connection.
    this.#awaitReader();
  }

  /** True when the session can continue at this cursor. */
  has({ session, next }: LogCursor): boolean {
    return this.#replay.rewind(session === this.#parts.id ? next : 0);
  }

  /** Yields text of whole lines from the cursor on. A second reader ends the first. */
  async *read(cursor: LogCursor, given: AbortSignal): AsyncGenerator<string> {
    this.#reader?.abort();
    this.#away?.abort();
    const reader = (this.#reader = new AbortController());
    const until = AbortSignal.any([given, reader.signal, this.#ended.signal]);
    this.has(cursor);
    try {
      yield textOf([{ kind: "session", session: this.#parts.id, next: this.#replay.next() }]);
      while (!until.aborted) {
        const items = this.#replay.take(chunkSize);
        if (items.length > 0) {
          this.#listeners.notify("room");
          yield textOf(items);
        } else if (this.#isOver) return;
        else await this.#listeners.changed("items", until);
      }
    } finally {
      if (this.#reader === reader && !this.#ended.signal.aborted) this.#awaitReader();
    }
  }

  /** Resolves when the log of a container was read to its end. */
  async drained(container: string): Promise<void> {
    // Before the session follows, it reads all containers that exist.
    await (await this.#following.promise)?.drained(container);
  }

  end(): void {
    if (this.#ended.signal.aborted) return;
    this.#ended.abort();
    this.#away?.abort();
    this.#parts.onEnd();
  }

  async #emit(item: LogItem): Promise<void> {
    const { signal } = this.#ended;
    while (this.#replay.isFull() && !signal.aborted) await this.#listeners.changed("room", signal);
    if (!signal.aborted) this.#put(item);
  }

  #put(item: LogItem): void {
    this.#replay.push(item, itemSize + (item.kind === "line" ? item.text.length : 0));
    this.#listeners.notify("items");
  }

  #awaitReader(): void {
    const away = (this.#away = new AbortController());
    this.#parts.clock.sleep(awayMs, away.signal).then(
      () => this.end(),
      () => undefined,
    );
  }
}

const textOf = (items: readonly LogItem[]): string =>
  items.map((item) => `${JSON.stringify(item)}\n`).join("");

/** A UserError as the last item of a stream; throws any other error. */
export function failedItem(error: unknown): FailedItem {
  if (!(error instanceof UserError)) throw error;
  const { code, message } = error;
  return { kind: "failed", code, message, ...hintFields(hintOf(error)) };
}
