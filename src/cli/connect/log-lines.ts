import { followStream } from "../../adapters/wire/stream.ts";
import type { ActionOf } from "../../core/actions/actions.ts";
import { UserError } from "../../core/errors.ts";
import { hintOf } from "../../core/hints.ts";
import { createCursor } from "../../core/logs/cursor.ts";
import type { LogLine } from "../../core/logs/item.ts";
import { readLogItem } from "../../core/logs/item-reader.ts";
import { createJoining } from "../../core/logs/join.ts";
import type { Connection } from "./connect.ts";

/** A line, or the moment from which lines are new. */
export type LogNews = LogLine | "caught-up";

interface Reading {
  readonly signal: AbortSignal;
  /** The command that reads them again. */
  readonly again: string;
  readonly onBroken?: () => void;
}

/** The lines of a service as the action asks for them, over as many connections as it takes. */
export async function* readLogLines(
  connection: Connection,
  action: ActionOf<"logs">,
  { signal, again, onBroken }: Reading,
): AsyncGenerator<LogNews> {
  const { request, place } = await connection.begin(action);
  const cursor = createCursor();
  const joining = createJoining();
  const lines = followStream({
    request,
    place,
    signal,
    cursor: cursor.text,
    again,
    ...(onBroken && { onBroken }),
  });
  for await (const text of lines) {
    const item = readLogItem(text);
    if (item === undefined) continue;
    cursor.read(item);
    if (item.kind === "failed")
      throw new UserError(item.message, { code: item.code, hint: hintOf(item) });
    if (item.kind === "end" || item.kind === "gone") yield* joining.rest();
    if (item.kind === "caught-up") yield "caught-up";
    if (item.kind === "end") return;
    const line = item.kind === "line" ? joining.take(item) : undefined;
    if (line !== undefined) yield line;
  }
}
