import { sinceOf } from "../../core/logs/cursor.ts";
import {
  behind,
  streamKey,
  type LogItem,
  type LogLine,
  type Position,
} from "../../core/logs/item.ts";
import { createMerge } from "../../core/logs/merge.ts";
import type { LogContainer } from "../../adapters/engines/docker/log-stream.ts";
import { createWakeup } from "./wakeup.ts";
import { linesOf, type LogReading } from "./lines.ts";

/** How long a line waits for an earlier one of another replica. */
const windowMs = 10;
/** Events tell what changes; this is for the one that was lost. */
const lookAgainMs = 5000;
/** Before a log is opened again that ended although its container runs. */
const againMs = 100;

export interface Following {
  /** Resolves when nothing more can come: never while the service may get a new container. */
  readonly done: Promise<void>;
  /** Resolves when all that a container printed before it ended has been read, or nobody reads it. */
  readonly drained: (id: string) => Promise<void>;
}

export interface FollowParts extends LogReading {
  readonly isWanted: (container: LogContainer) => boolean;
  readonly positions: Map<string, Position>;
}

interface Follower {
  /** True from the end of the container until it runs again. */
  isDrained: boolean;
  readonly wake: () => void;
}

/** Reads every container of a service as it comes and goes, and emits the lines of all in the order of their times. */
export function followContainers(parts: FollowParts): Following {
  const { source, clock, wanted, emit, positions, signal } = parts;
  const followers = new Map<string, Follower>();
  const merge = createMerge<LogLine>(windowMs);
  const whenDrained = new Set<() => void>();
  let there: readonly LogContainer[] = [];
  let emitting: Promise<void> = Promise.resolve();
  let timer: NodeJS.Timeout | undefined;

  const send = (items: readonly LogItem[]) => {
    emitting = emitting.then(async () => {
      for (const item of items) await emit(item);
    });
    return emitting;
  };
  const pump = (): Promise<void> => {
    clearTimeout(timer);
    const lines = merge.take(clock.now());
    const due = merge.dueIn(clock.now());
    if (due !== undefined && !signal.aborted)
      timer = setTimeout(() => void pump(), Math.max(1, due));
    return lines.length === 0 ? emitting : send(lines);
  };
  const pause = (ms: number) => clock.sleep(ms, signal).catch(() => undefined);
  const tellDrained = () => {
    for (const tell of whenDrained) tell();
  };

  const readOnce = async (container: LogContainer, isFollowed: boolean) => {
    const since = sinceOf(Object.fromEntries(positions), container.id) ?? parts.begin;
    const part = { since, isFollowed, signal };
    for await (const lines of linesOf(parts, container, positions, part)) {
      for (const line of lines) {
        positions.set(streamKey(line), behind(line));
        merge.push(container.id, line, clock.now());
      }
      await pump();
    }
  };

  const follow = async (
    container: LogContainer,
    follower: Follower,
    woken: () => Promise<void>,
  ) => {
    const { id } = container;
    while (!signal.aborted) {
      follower.isDrained = false;
      merge.open(id);
      try {
        await readOnce(container, true);
        // The engine may end a followed log before its last lines.
        await readOnce(container, false);
      } catch {
        // The engine is away; what was not read is still there when it is back.
        if (signal.aborted) return;
      }
      merge.close(id);
      await pump();
      const now = await source.list(wanted.service).catch(() => undefined);
      const found = now?.find((one) => one.id === id);
      if (now === undefined || found?.isRunning === true) {
        await pause(againMs);
        continue;
      }
      there = now;
      follower.isDrained = true;
      tellDrained();
      if (found === undefined) break;
      await woken();
      if (there.some((one) => one.id === id)) continue;
      break;
    }
    followers.delete(id);
    tellDrained();
    for (const end of ["o", "e"]) positions.delete(`${id}${end}`);
    await pause(2 * windowMs);
    await pump();
    if (!signal.aborted) await send([{ kind: "gone", container: id }]);
  };

  const look = async () => {
    there = (await source.list(wanted.service)).filter(parts.isWanted);
    for (const container of there) {
      if (followers.has(container.id)) continue;
      const wakeup = createWakeup(signal);
      const follower: Follower = { isDrained: false, wake: wakeup.notify };
      followers.set(container.id, follower);
      void follow(container, follower, wakeup.wait);
    }
    const states = new Map(there.map((one) => [one.id, one.isRunning]));
    for (const [id, { wake, isDrained }] of followers)
      if (isDrained && states.get(id) !== false) wake();
  };

  const looking = async () => {
    const changed = createWakeup(signal);
    void source.watch(wanted.service, changed.notify, signal);
    while (!signal.aborted) {
      await look().catch(() => undefined);
      const canCome = wanted.release === undefined && parts.isKnown();
      if (!canCome && there.length === 0 && followers.size === 0) break;
      const late = new AbortController();
      const stop = AbortSignal.any([signal, late.signal]);
      await Promise.race([changed.wait(), clock.sleep(lookAgainMs, stop).catch(() => undefined)]);
      late.abort();
    }
    clearTimeout(timer);
    await send(merge.take(Number.POSITIVE_INFINITY));
  };

  return {
    done: looking(),
    drained: async (id) => {
      const short = id.slice(0, 12);
      await look().catch(() => undefined);
      const isReady = () => signal.aborted || (followers.get(short)?.isDrained ?? true);
      await new Promise<void>((resolve) => {
        const tell = () => {
          if (!isReady()) return;
          whenDrained.delete(tell);
          resolve();
        };
        whenDrained.add(tell);
        signal.addEventListener("abort", tell, { once: true });
        tell();
      });
    },
  };
}
