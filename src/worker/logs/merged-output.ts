import type { LogItem, LogLine } from "../../core/logs/item.ts";
import { createMerge } from "../../core/logs/merge.ts";
import type { LogReading } from "./lines.ts";

/** Milliseconds that a line waits for an earlier line of another replica. */
export const windowMs = 10;

/** Emits the lines of several containers in the order of their times. */
export class MergedOutput {
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
