import { UserError } from "../errors.ts";
import { behind, streamKey, type LogItem, type Position, type Positions } from "./item.ts";

/** What a reader has of a stream of logs: enough to go on anywhere, and cheaply where its session still lives. */
export interface LogCursor {
  readonly session: string;
  /** Number of the next item in that session. */
  readonly next: number;
  readonly isCaughtUp: boolean;
  readonly positions: Positions;
}

export const freshCursor: LogCursor = { session: "", next: 0, isCaughtUp: false, positions: {} };

/** Keeps a cursor up to date with the items that were read; `text` is what the next connection asks with. */
export function createCursor(): {
  readonly read: (item: LogItem) => void;
  readonly text: () => string;
} {
  const positions = new Map<string, Position>();
  let session = "";
  let next = 0;
  let isCaughtUp = false;
  return {
    read: (item) => {
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

/** A cursor as one word that needs no escape in a query; empty for one that has read nothing. */
export function writeCursor({ session, next, isCaughtUp, positions }: LogCursor): string {
  if (session === "") return "";
  const streams = Object.entries(positions).map(([key, { at, count }]) => `~${key}*${at}*${count}`);
  return `${session}.${next}.${isCaughtUp ? "now" : "past"}${streams.join("")}`;
}

const head = /^([0-9a-f]{1,32})\.(\d{1,15})\.(now|past)$/;
const stream = /^([0-9a-f]{12}[oe])\*(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z)\*(\d{1,9})$/;

/** Reads what `writeCursor` wrote; throws UserError "bad-request". */
export function readCursor(text: string): LogCursor {
  if (text === "") return freshCursor;
  const [first = "", ...rest] = text.split("~");
  const [, session, next, when] = head.exec(first) ?? [];
  const streams = rest.map((part) => stream.exec(part));
  if (session === undefined || streams.includes(null))
    throw new UserError("from: not a place in these logs", { code: "bad-request" });
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

/** From when on Docker is asked for a container's lines: the earlier of its two streams. One that has printed nothing begins a moment before the other, whose clock readings may overtake each other. */
export function sinceOf(positions: Positions, container: string): string | undefined {
  const [out, err] = [positions[`${container}o`], positions[`${container}e`]];
  const known = [out, err].flatMap((one) => (one === undefined ? [] : [one.at])).toSorted();
  const first = known[0];
  if (first === undefined || known.length === 2) return first;
  return earlier(first, 1000);
}

/** Where the other stream of a container stands of which only one was among its newest lines: what it printed before was not asked for. */
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

/** How far the engine's two readers may be apart in the times that they note. */
const overtakingMs = 2;

function earlier(at: string, ms: number): string {
  const time = new Date(Date.parse(`${at.slice(0, 23)}Z`) - ms).toISOString();
  return `${time.slice(0, 23)}${at.slice(23)}`;
}
