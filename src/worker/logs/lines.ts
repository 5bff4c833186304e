import type { LogCursor } from "../../core/logs/cursor.ts";
import {
  createNumbering,
  isAfter,
  type LogItem,
  type LogLine,
  type Position,
} from "../../core/logs/item.ts";
import { web } from "../../core/release/processes.ts";
import type { Redact } from "../../core/redact.ts";
import type { ActionOf } from "../../core/actions/actions.ts";
import type { Clock } from "../../deploy/ports.ts";
import type {
  LogContainer,
  LogPart,
  LogSource,
  RawLine,
} from "../../adapters/engines/docker/log-stream.ts";

export type LogsAction = ActionOf<"logs">;

/** One reading of the logs of a service, from a cursor on. */
export interface LogReading {
  readonly source: LogSource;
  readonly clock: Clock;
  readonly wanted: LogsAction;
  /** The time of `--since`, in the engine's form. */
  readonly begin: string | undefined;
  readonly cursor: LogCursor;
  /** Takes an item; resolves when there is room for the next. */
  readonly emit: (item: LogItem) => Promise<void>;
  /** False after the service was removed: no new line can come. */
  readonly isKnown: () => boolean;
  /** Hides the current values that were set on the server. */
  readonly redact: () => Redact;
  readonly signal: AbortSignal;
}

/** Lines of one container after `positions`. */
export async function* linesOf(
  { source, redact }: Pick<LogReading, "source" | "redact">,
  container: LogContainer,
  positions: ReadonlyMap<string, Position>,
  part: LogPart,
): AsyncGenerator<readonly LogLine[]> {
  // A copy: after the clock was set back, new lines must not look like old ones.
  const seen = new Map(["o", "e"].map((end) => [end, positions.get(`${container.id}${end}`)]));
  const numbers = { stdout: createNumbering(), stderr: createNumbering() };
  const { id, release, process, replica } = container;
  const hide = redact();
  const made = ({ stream, at, text, ...more }: RawLine): LogLine => {
    const nth = numbers[stream](at);
    return {
      kind: "line",
      container: id,
      stream,
      release,
      ...(process !== web && { process }),
      replica,
      at,
      nth,
      text: hide(text),
      ...more,
    };
  };
  for await (const batch of source.read(id, part))
    yield batch
      .map(made)
      .filter((line) => isAfter(line, seen.get(line.stream === "stdout" ? "o" : "e")));
}
