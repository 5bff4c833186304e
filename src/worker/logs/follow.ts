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
import { endedWithin } from "../ended-within.ts";
import { createListeners } from "../listeners.ts";
import { linesOf, type LogReading } from "./lines.ts";

/** The containers are listed again this often, in case an event of the engine was lost. */
const listAgainMs = 5000;
/** Pause before a log is opened again that ended although its container runs. */
const reopenMs = 100;
/** Milliseconds that a line waits for an earlier line of another replica. */
const windowMs = 10;

interface FollowParts extends LogReading {
  readonly isWanted: (container: LogContainer) => boolean;
  readonly positions: Map<string, Position>;
}

interface ContainerFollower {
  /** True from the end of the container until it runs again. */
  isDrained: boolean;
  readonly wakeup: ReturnType<typeof createWakeup>;
}

/** Follows the logs of all containers of a service, also of those that start later. Emits the lines in the order of their times. */
export class ServiceFollower {
  readonly #parts: FollowParts;
  readonly #output: MergedOutput;
  readonly #followers = new Map<string, ContainerFollower>();
  readonly #drained = createListeners<string>();
  #containers: readonly LogContainer[] = [];

  constructor(parts: FollowParts) {
    this.#parts = parts;
    this.#output = new MergedOutput(parts);
  }

  /** Lists the containers after each event of the engine; resolves when no line can follow: never while the service may get a new container. */
  async run(): Promise<void> {
    const { source, clock, wanted, signal } = this.#parts;
    const changed = createWakeup(signal);
    void source.watch(wanted.service, changed.notify, signal);
    while (!signal.aborted) {
      await this.#listContainers().catch(() => undefined);
      const canCome = wanted.release === undefined && this.#parts.isKnown();
      if (!canCome && this.#containers.length === 0 && this.#followers.size === 0) break;
      await endedWithin(clock, changed.wait(), { ms: listAgainMs, signal });
    }
    await this.#output.finish();
  }

  /** Resolves when the log of a container was read to its end, or nothing reads it. */
  async drained(id: string): Promise<void> {
    const { signal } = this.#parts;
    await this.#listContainers().catch(() => undefined);
    const name = id.slice(0, 12);
    while (!signal.aborted && this.#followers.get(name)?.isDrained === false)
      await this.#drained.changed(name, signal);
  }

  /** Starts a follower for each new container, and wakes those whose container runs again or was removed. */
  async #listContainers(): Promise<void> {
    const { source, wanted, isWanted, signal } = this.#parts;
    this.#containers = (await source.list(wanted.service)).filter(isWanted);
    for (const container of this.#containers) {
      if (this.#followers.has(container.id)) continue;
      const follower = { isDrained: false, wakeup: createWakeup(signal) };
      this.#followers.set(container.id, follower);
      void this.#follow(container, follower);
    }
    const running = new Map(this.#containers.map((one) => [one.id, one.isRunning]));
    for (const [id, { wakeup, isDrained }] of this.#followers)
      if (isDrained && running.get(id) !== false) wakeup.notify();
  }

  /** Reads one container until it is removed, however often it ends and starts again. */
  async #follow(container: LogContainer, follower: ContainerFollower): Promise<void> {
    const { source, wanted, signal } = this.#parts;
    const { id } = container;
    while (!signal.aborted) {
      follower.isDrained = false;
      if (!(await this.#readToEnd(container))) return;
      const now = await source.list(wanted.service).catch(() => undefined);
      const found = now?.find((one) => one.id === id);
      if (now === undefined || found?.isRunning === true) {
        await this.#pause(reopenMs);
        continue;
      }
      this.#containers = now;
      follower.isDrained = true;
      this.#drained.notify(id);
      if (found === undefined) break;
      await follower.wakeup.wait();
      if (!this.#containers.some((one) => one.id === id)) break;
    }
    await this.#forget(id);
  }

  /** False when the signal was aborted. Lines that an absent engine did not deliver are read later. */
  async #readToEnd(container: LogContainer): Promise<boolean> {
    this.#output.merge.open(container.id);
    try {
      await this.#read(container, true);
      // The engine may end a followed log before its last lines.
      await this.#read(container, false);
    } catch {
      if (this.#parts.signal.aborted) return false;
    }
    this.#output.merge.close(container.id);
    await this.#output.flush();
    return true;
  }

  async #read(container: LogContainer, isFollowed: boolean): Promise<void> {
    const { positions, begin, clock, signal } = this.#parts;
    const since = sinceOf(Object.fromEntries(positions), container.id) ?? begin;
    const part = { since, isFollowed, signal };
    for await (const lines of linesOf(this.#parts, container, positions, part)) {
      for (const line of lines) {
        positions.set(streamKey(line), behind(line));
        this.#output.merge.push(container.id, line, clock.now());
      }
      await this.#output.flush();
    }
  }

  async #forget(id: string): Promise<void> {
    const { positions, signal } = this.#parts;
    this.#followers.delete(id);
    this.#drained.notify(id);
    for (const end of ["o", "e"]) positions.delete(`${id}${end}`);
    await this.#pause(2 * windowMs);
    await this.#output.flush();
    if (!signal.aborted) await this.#output.emit([{ kind: "gone", container: id }]);
  }

  async #pause(ms: number): Promise<void> {
    const { clock, signal } = this.#parts;
    await clock.sleep(ms, signal).catch(() => undefined);
  }
}

/** Emits the lines of several containers in the order of their times. */
class MergedOutput {
  readonly #reading: Pick<LogReading, "clock" | "emit" | "signal">;
  readonly merge = createMerge<LogLine>(windowMs);
  #emitting: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;

  constructor(reading: Pick<LogReading, "clock" | "emit" | "signal">) {
    this.#reading = reading;
  }

  /** Emits the lines that are due, and again by itself when the next line is due. */
  flush(): Promise<void> {
    const { clock, signal } = this.#reading;
    clearTimeout(this.#timer);
    const lines = this.merge.take(clock.now());
    const due = this.merge.dueIn(clock.now());
    if (due !== undefined && !signal.aborted)
      this.#timer = setTimeout(() => void this.flush(), Math.max(1, due));
    return lines.length === 0 ? this.#emitting : this.emit(lines);
  }

  emit(items: readonly LogItem[]): Promise<void> {
    this.#emitting = this.#emitting.then(async () => {
      for (const item of items) await this.#reading.emit(item);
    });
    return this.#emitting;
  }

  /** Emits all lines that are left. */
  async finish(): Promise<void> {
    clearTimeout(this.#timer);
    await this.emit(this.merge.take(Number.POSITIVE_INFINITY));
  }
}

/** Remembers one notification until its reader waits for it; notifies by itself when the signal is aborted. */
function createWakeup(signal: AbortSignal) {
  let isNotified = false;
  let answer: (() => void) | undefined;
  const notify = () => {
    isNotified = true;
    answer?.();
  };
  signal.addEventListener("abort", notify, { once: true });
  return {
    notify,
    wait: async () => {
      if (!isNotified && !signal.aborted)
        await new Promise<void>((resolve) => {
          answer = resolve;
        });
      isNotified = false;
      answer = undefined;
    },
  };
}
