import { UserError } from "../../core/errors.ts";
import type { LogCursor } from "../../core/logs/cursor.ts";
import type { FailedItem, LogItem } from "../../core/logs/item.ts";
import { createReplay } from "../../core/logs/replay.ts";
import type { Following } from "./follow.ts";
import type { LogReading } from "./lines.ts";
import { readLogs } from "./read-logs.ts";
import { hintFields, hintOf } from "../../core/hints.ts";

/** One reader of logs: what it reads goes on for a while when its line breaks, and the next line goes on where it was. */
export interface LogSession {
  /** True when it can go on at this cursor. */
  readonly has: (cursor: LogCursor) => boolean;
  /** Text of whole lines from the cursor on; a second reader ends the first. */
  readonly attach: (cursor: LogCursor, signal: AbortSignal) => AsyncGenerator<string>;
  readonly drained: (container: string) => Promise<void>;
  readonly end: () => void;
}

export interface SessionParts extends Omit<LogReading, "emit" | "signal"> {
  /** Names this session, in hex. */
  readonly id: string;
  /** Called once, when nobody has come back for it. */
  readonly onEnd: () => void;
}

/** Held in memory for one reader; what does not fit stays with Docker until it does. */
const limits = { maxUnsent: 1024 * 1024, maxSent: 2 * 1024 * 1024 };
const chunkSize = 64 * 1024;
/** About what a line of JSON has around its text. */
const itemSize = 200;
/** How long a reader may be away. */
const awayMs = 90_000;

export function openLogSession(parts: SessionParts): LogSession {
  const { clock, id } = parts;
  const ended = new AbortController();
  const { signal } = ended;
  const replay = createReplay<LogItem>(limits);
  const news = new Set<() => void>();
  const following = Promise.withResolvers<Following | undefined>();
  let isOver = false;
  let reader: AbortController | undefined;
  let away: AbortController | undefined;

  const tell = () => {
    for (const wake of news) wake();
  };
  const change = (until: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      const done = () => {
        news.delete(done);
        until.removeEventListener("abort", done);
        resolve();
      };
      news.add(done);
      until.addEventListener("abort", done);
      if (until.aborted) done();
    });
  const put = (item: LogItem) => {
    replay.push(item, itemSize + (item.kind === "line" ? item.text.length : 0));
    tell();
  };
  const emit = async (item: LogItem) => {
    while (replay.isFull() && !signal.aborted) await change(signal);
    if (!signal.aborted) put(item);
  };
  const end = () => {
    if (signal.aborted) return;
    ended.abort();
    away?.abort();
    tell();
    parts.onEnd();
  };
  const awaitReader = () => {
    away = new AbortController();
    clock.sleep(awayMs, away.signal).then(end, () => undefined);
  };

  void readLogs({ ...parts, emit, signal }, following.resolve)
    .catch((error: unknown) => put(failedItem(error)))
    .finally(() => {
      following.resolve(undefined);
      isOver = true;
      tell();
    });

  // Whoever asked may be gone before the first line.
  awaitReader();
  return {
    has: (cursor) => (cursor.session === id ? replay.rewind(cursor.next) : replay.rewind(0)),
    attach: async function* attach(cursor, given) {
      reader?.abort();
      away?.abort();
      const own = (reader = new AbortController());
      const until = AbortSignal.any([given, own.signal, signal]);
      replay.rewind(cursor.session === id ? cursor.next : 0);
      try {
        yield textOf([{ kind: "session", session: id, next: replay.next() }]);
        while (!until.aborted) {
          const items = replay.take(chunkSize);
          if (items.length > 0) {
            tell();
            yield textOf(items);
          } else if (isOver) return;
          else await change(until);
        }
      } finally {
        if (reader === own && !signal.aborted) awaitReader();
      }
    },
    drained: async (container) => {
      // Before it follows, it reads every container that is there.
      await (await following.promise)?.drained(container);
    },
    end,
  };
}

const textOf = (items: readonly LogItem[]): string =>
  items.map((item) => `${JSON.stringify(item)}\n`).join("");

/** A refusal as the last item of a stream; whatever is none is thrown on. */
export function failedItem(error: unknown): FailedItem {
  if (!(error instanceof UserError)) throw error;
  const { code, message } = error;
  return { kind: "failed", code, message, ...hintFields(hintOf(error)) };
}
