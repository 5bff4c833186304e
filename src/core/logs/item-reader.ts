import { plainText, stripControls } from "../terminal-text.ts";
import type { LogItem, LogLine, Position } from "./item.ts";
import { jsonFields, type Fields } from "../actions/fields.ts";
import { hintFields } from "../hints.ts";
import { readHint } from "../read-hint.ts";

/** Reads one item of a stream of logs and makes its text safe for a terminal. Undefined for a broken line or an unknown kind. */
export function readLogItem(line: string): LogItem | undefined {
  const fields = jsonFields(line);
  switch (fields?.["kind"]) {
    case "line":
      return readLine(fields);
    case "session": {
      const { session, next } = fields;
      if (typeof session !== "string" || !isCount(next)) return undefined;
      return { kind: "session", session: plainText(session), next };
    }
    case "caught-up":
      return { kind: "caught-up", positions: readPositions(fields["positions"]) };
    case "gone": {
      const { container } = fields;
      return typeof container === "string" ? { kind: "gone", container } : undefined;
    }
    case "failed": {
      const { code, message } = fields;
      if (typeof code !== "string" || typeof message !== "string") return undefined;
      const way = hintFields(readHint(fields));
      return { kind: "failed", code, message: plainText(message), ...way };
    }
    case "end":
      return { kind: "end" };
    default:
      return undefined;
  }
}

const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$/;

function readLine(fields: Fields): LogLine | undefined {
  const { container, stream, release, process, replica, at, nth, text } = fields;
  if (typeof container !== "string" || typeof text !== "string") return undefined;
  if (typeof at !== "string" || !time.test(at)) return undefined;
  if (stream !== "stdout" && stream !== "stderr") return undefined;
  if (!isCount(release) || !isCount(replica) || !isCount(nth)) return undefined;
  const safe = { container: plainText(container), text: stripControls(text) };
  const more = {
    ...(typeof process === "string" && { process: plainText(process) }),
    ...(fields["isCut"] === true && { isCut: true as const }),
  };
  return { kind: "line", stream, release, replica, at, nth, ...safe, ...more };
}

function readPositions(value: unknown): Readonly<Record<string, Position>> {
  if (typeof value !== "object" || value === null) return {};
  return Object.fromEntries(
    Object.entries(value as Fields).flatMap(([key, position]) => {
      const { at, count } = (position ?? {}) as Fields;
      return typeof at === "string" && time.test(at) && isCount(count)
        ? [[key, { at, count }]]
        : [];
    }),
  );
}

const isCount = (value: unknown): value is number =>
  typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
