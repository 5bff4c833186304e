import { type HintFields } from "../hints.ts";

/** One line of an app, without its line end. */
export interface LogLine {
  readonly kind: "line";
  /** Short id of its container. */
  readonly container: string;
  readonly stream: "stdout" | "stderr";
  readonly release: number;
  /** Left out for `web`. */
  readonly process?: string;
  readonly replica: number;
  /** Time when Docker got it: UTC with nanoseconds, always of the same length. */
  readonly at: string;
  /** Number among the lines of the stream with the same time, from 0. */
  readonly nth: number;
  readonly text: string;
  /** The next item of this stream continues the line. */
  readonly isCut?: true;
}

/** One JSON line of a stream of logs. */
export type LogItem =
  | LogLine
  /** First item of each connection: the next item has number `next` in this session. */
  | { readonly kind: "session"; readonly session: string; readonly next: number }
  /** All earlier lines were sent or not asked for; the position of each stream. */
  | { readonly kind: "caught-up"; readonly positions: Positions }
  /** No line of this container follows. */
  | { readonly kind: "gone"; readonly container: string }
  | FailedItem
  | { readonly kind: "end" };

/** The error that ends a stream. */
export interface FailedItem extends HintFields {
  readonly kind: "failed";
  readonly code: string;
  readonly message: string;
}

type Moment = Pick<LogLine, "at" | "nth">;

/** Position in one stream of one container: all lines before `at`, and `count` lines of that time. */
export interface Position {
  readonly at: string;
  readonly count: number;
}

/** By `streamKey`. */
export type Positions = Readonly<Record<string, Position>>;

/** Key of one stream of one container: its short id and `o` or `e`. */
export const streamKey = ({ container, stream }: Pick<LogLine, "container" | "stream">): string =>
  `${container}${stream === "stdout" ? "o" : "e"}`;

/** Position of a stream after this line. */
export const behind = ({ at, nth }: Moment): Position => ({ at, count: nth + 1 });

/** True for a line after `position`. */
export function isAfter(line: Moment, position: Position | undefined): boolean {
  if (position === undefined || line.at > position.at) return true;
  return line.at === position.at && line.nth >= position.count;
}

/** Numbers the lines of one stream that have the same time. Each reading needs a new counter. */
export function createNumbering(): (at: string) => number {
  let last = "";
  let count = 0;
  return (at) => {
    count = at === last ? count + 1 : 0;
    last = at;
    return count;
  };
}
