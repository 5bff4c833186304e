/** One line that an app printed, as it travels; its text ends where the app ended it. */
export interface LogLine {
  readonly kind: "line";
  /** Short id of its container. */
  readonly container: string;
  readonly stream: "stdout" | "stderr";
  readonly release: number;
  readonly replica: number;
  /** When Docker got it: UTC with nanoseconds, always of the same length. */
  readonly at: string;
  /** Counts the lines of the same stream that have this very time, from 0. */
  readonly nth: number;
  readonly text: string;
}

/** What a stream of logs consists of. */
export type LogItem =
  | LogLine
  /** First of each connection: the item that follows has number `next` in this session. */
  | { readonly kind: "session"; readonly session: string; readonly next: number }
  /** Everything printed before has been sent or was not asked for; how far each stream was read. */
  | { readonly kind: "caught-up"; readonly positions: Positions }
  /** Nothing of this container follows. */
  | { readonly kind: "gone"; readonly container: string }
  | FailedItem
  | { readonly kind: "end" };

/** Why a stream ends that nobody ended. */
export interface FailedItem {
  readonly kind: "failed";
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
  readonly hintParts?: readonly string[];
}

/** How far one stream of one container was read: everything before `at`, and `count` lines of that very time. */
export interface Position {
  readonly at: string;
  readonly count: number;
}

/** By `streamKey`. */
export type Positions = Readonly<Record<string, Position>>;

/** Names one stream of one container: its short id and `o` or `e`. */
export const streamKey = ({ container, stream }: Pick<LogLine, "container" | "stream">): string =>
  `${container}${stream === "stdout" ? "o" : "e"}`;

/** Where a stream stands behind this line. */
export const behind = ({ at, nth }: Pick<LogLine, "at" | "nth">): Position => ({
  at,
  count: nth + 1,
});

/** True for a line that somebody who has read up to `position` has not seen. */
export function isAfter(
  line: Pick<LogLine, "at" | "nth">,
  position: Position | undefined,
): boolean {
  if (position === undefined || line.at > position.at) return true;
  return line.at === position.at && line.nth >= position.count;
}

/** Counts the lines of one stream that have the same time; a new one for each reading from a time on. */
export function createNumbering(): (at: string) => number {
  let last = "";
  let count = 0;
  return (at) => {
    count = at === last ? count + 1 : 0;
    last = at;
    return count;
  };
}
