import { jsonFields } from "../../core/actions/fields.ts";
import { UserError } from "../../core/errors.ts";

/** True where a client takes server-sent events before lines of JSON. */
export const wantsSse = (accept: string | null): boolean =>
  /(?:^|,)\s*text\/event-stream\b/i.test(accept ?? "");

/** The offset behind the event that a client names as its last one. */
export function lastOffset(id: string | null): number {
  if (id === null || id === "") return 0;
  if (/^\d{1,15}$/.test(id)) return Number(id) + 1;
  throw new UserError("last-event-id: should be the offset of an event", { code: "bad-request" });
}

/** Lines of JSON as server-sent events: the kind is the event, the offset its id. The last event is `end`, so that a browser knows not to come back. */
export async function* asSse(lines: AsyncIterable<string>): AsyncGenerator<string> {
  let rest = "";
  for await (const text of lines) {
    const all = (rest + text).split("\n");
    rest = all.pop() ?? "";
    const events = all.filter((line) => line !== "").map(eventOf);
    if (events.length > 0) yield events.join("");
  }
  yield "event: end\ndata: {}\n\n";
}

function eventOf(line: string): string {
  const { kind, offset } = jsonFields(line) ?? {};
  const id = typeof offset === "number" ? `id: ${offset}\n` : "";
  const event = typeof kind === "string" && /^[\w-]+$/.test(kind) ? `event: ${kind}\n` : "";
  return `${id}${event}data: ${line}\n\n`;
}
