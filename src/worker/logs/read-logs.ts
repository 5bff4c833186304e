import { otherStream, sinceOf } from "../../core/logs/cursor.ts";
import { behind, streamKey, type LogLine, type Position } from "../../core/logs/item.ts";
import { mergeEnded } from "../../core/logs/merge.ts";
import { processWord, web } from "../../core/release/processes.ts";
import { UserError } from "../../core/errors.ts";
import type { LogContainer } from "../../adapters/engines/docker/log-stream.ts";
import { ServiceFollower } from "./follow.ts";
import { linesOf, type LogReading, type LogsAction } from "./lines.ts";
import { command, hint } from "../../core/hints.ts";

/** Emits the existing lines in the order of their times, and then follows if wanted. `onFollowing` gets the object that waits for a container. */
export async function readLogs(
  reading: LogReading,
  onFollowing: (follower: ServiceFollower) => void,
): Promise<void> {
  const { source, wanted, emit, signal } = reading;
  const there = (await source.list(wanted.service)).filter((one) => isWanted(one, wanted));
  if (there.length === 0) refuseNothing(reading);
  const positions = new Map(Object.entries(reading.cursor.positions));
  const parts = there.map((container) => pastOf(reading, container, positions));
  await emitPast(reading, mergeEnded(parts), positions);
  for (const { id } of there) {
    const other = otherStream(positions, id);
    if (other !== undefined) positions.set(...other);
  }
  await emit({ kind: "caught-up", positions: Object.fromEntries(positions) });
  if (wanted.follow) {
    const isShown = (container: LogContainer) => isWanted(container, wanted);
    const follower = new ServiceFollower({ ...reading, isWanted: isShown, positions });
    const done = follower.run();
    onFollowing(follower);
    await done;
  }
  if (!signal.aborted) await emit({ kind: "end" });
}

function isWanted({ release, process, replica }: LogContainer, wanted: LogsAction): boolean {
  const wantedProcess = wanted.process ?? (wanted.replica === undefined ? process : web);
  return (
    (wanted.release ?? release) === release &&
    wantedProcess === process &&
    (wanted.replica ?? replica) === replica
  );
}

/** A service may start later; a removed release does not come back. */
function refuseNothing({ wanted, cursor }: LogReading): void {
  const { service, release, process = web, replica, follow } = wanted;
  const isResumed = cursor.session !== "";
  if (isResumed || (follow && release === undefined)) return;
  const ofRelease = release === undefined ? "" : ` release ${release}`;
  const what = `logs of ${processWord(service, process)}${ofRelease}${replica === undefined ? "" : ` replica ${replica}`}`;
  throw new UserError(`${what}: it has no container, and logs are removed with their container`, {
    code: "no-logs",
    hint: hint`see what runs: ${command(`ps ${service}`)}; how its last deploy ended: ${command(`logs ${service} --job`)}`,
  });
}

/** All lines of one container that were not sent yet. */
function pastOf(
  reading: LogReading,
  container: LogContainer,
  positions: ReadonlyMap<string, Position>,
): AsyncIterable<readonly LogLine[]> {
  const { cursor, begin, wanted, signal } = reading;
  const from = sinceOf(Object.fromEntries(positions), container.id);
  const isNew = from === undefined && cursor.session !== "";
  // After a connection that broke before the end of the past, lines older than the newest sent one are all there.
  const since = from ?? (isNew && !cursor.isCaughtUp ? (newest(positions) ?? begin) : begin);
  // With `--lines 0`, one line is read all the same, to know the position.
  const tail =
    cursor.session === "" && wanted.lines !== undefined ? Math.max(1, wanted.lines) : undefined;
  return linesOf(reading, container, positions, { since, tail, isFollowed: false, signal });
}

const newest = (positions: ReadonlyMap<string, Position>): string | undefined =>
  Array.from(positions.values(), ({ at }) => at)
    .toSorted()
    .at(-1);

async function emitPast(
  { wanted, cursor, emit }: LogReading,
  lines: AsyncIterable<LogLine>,
  positions: Map<string, Position>,
): Promise<void> {
  const count = cursor.session === "" ? wanted.lines : undefined;
  const kept: LogLine[] = [];
  for await (const line of lines) {
    positions.set(streamKey(line), behind(line));
    if (count === undefined) await emit(line);
    else if (kept.push(line) > 2 * count) kept.splice(0, kept.length - count);
  }
  for (const line of kept.slice(Math.max(0, kept.length - (count ?? 0)))) await emit(line);
}
