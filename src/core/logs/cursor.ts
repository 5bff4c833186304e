import { UserError } from "../errors.ts";
import { behind, streamKey, type LogItem, type Position, type Positions } from "./item.ts";

/** Position of a reader in a stream of logs. A new worker can continue from it; a session that still exists does so cheaply. */
export interface LogCursor {
  readonly session: string;
  /** Number of the next item in that session. */
  readonly next: number;
  readonly isCaughtUp: boolean;
  readonly positions: Positions;
}

export const freshCursor: LogCursor = { session: "", next: 0, isCaughtUp: false, positions: {} };

/** Keeps a cursor up to date with each item; `text` is the cursor for the next connection. */
export function createCursor() {
  const positions = new Map<string, Position>();
  let session = "";
  let next = 0;
  let isCaughtUp = false;
  return {
    read: (item: LogItem) => {
      if (item.kind === "session") {
        ({ session, next } = item);
        return;
      }
      next += 1;
      if (item.kind === "line") positions.set(streamKey(item), behind(item));
      if (item.kind === "gone")
        for (const end of ["o", "e"]) positions.delete(`${item.container}${end}`);
      if (item.kind !== "caught-up") return;
      isCaughtUp = true;
      for (const [key, position] of Object.entries(item.positions)) positions.set(key, position);
    },
    text: () =>
      writeCursor({ session, next, isCaughtUp, positions: Object.fromEntries(positions) }),
  };
}

/** A cursor as one word that is safe in a query; empty when nothing was read. */
export function writeCursor({ session, next, isCaughtUp, positions }: LogCursor): string {
  if (session === "") return "";
  const streams = Object.entries(positions).map(([key, { at, count }]) => `~${key}*${at}*${count}`);
  return `${session}.${next}.${isCaughtUp ? "now" : "past"}${streams.join("")}`;
}

const head = /^([0-9a-f]{1,32})\.(\d{1,15})\.(now|past)$/;
const stream = /^([0-9a-f]{12}[oe])\*(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z)\*(\d{1,9})$/;

/** Reads the text of `writeCursor`; throws UserError "bad-request". */
export function readCursor(text: string): LogCursor {
  if (text === "") return freshCursor;
  const [first = "", ...rest] = text.split("~");
  const [, session, next, when] = head.exec(first) ?? [];
  const streams = rest.map((part) => stream.exec(part));
  if (session === undefined || streams.includes(null))
    throw new UserError("from: not a log position", { code: "bad-request" });
  const positions = streams.flatMap((found) => {
    const [, key = "", at = "", count = "0"] = found ?? [];
    return [[key, { at, count: Number(count) }] as const];
  });
  return {
    session,
    next: Number(next),
    isCaughtUp: when === "now",
    positions: Object.fromEntries(positions),
  };
}

/** The time from which Docker is asked for a container's lines: the earlier of its two streams. Without lines of one stream, it is a second earlier, because the two streams' times may overlap. */
export function sinceOf(positions: Positions, container: string): string | undefined {
  const [out, err] = [positions[`${container}o`], positions[`${container}e`]];
  const known = [out, err].flatMap((one) => (one === undefined ? [] : [one.at])).toSorted();
  const first = known[0];
  if (first === undefined || known.length === 2) return first;
  return earlier(first, 1000);
}

/** Position of the other stream, when the newest lines of a container came from one stream only. Earlier lines of the other were not asked for. */
export function otherStream(
  positions: ReadonlyMap<string, Position>,
  container: string,
): readonly [key: string, position: Position] | undefined {
  const keys = [`${container}o`, `${container}e`] as const;
  const [out, err] = [positions.get(keys[0]), positions.get(keys[1])];
  if ((out === undefined) === (err === undefined)) return undefined;
  const at = earlier(out?.at ?? err?.at ?? "", overtakingMs);
  return [out === undefined ? keys[0] : keys[1], { at, count: 0 }];
}

/** The times of the engine's two readers may differ by this much. */
const overtakingMs = 2;

function earlier(at: string, ms: number): string {
  const time = new Date(Date.parse(`${at.slice(0, 23)}Z`) - ms).toISOString();
  return `${time.slice(0, 23)}${at.slice(23)}`;
}
