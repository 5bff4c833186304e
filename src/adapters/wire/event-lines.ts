import { UserError } from "../../core/errors.ts";
import type { LoggedEvent } from "../../core/wire/events.ts";
import type { Clock } from "../../deploy/ports.ts";
import { within } from "../clock.ts";

const heartbeatMs = 10_000;

/** Events as one line of JSON each. */
export async function* jsonLines(events: AsyncIterable<LoggedEvent>): AsyncGenerator<string> {
  for await (const event of events) yield `${JSON.stringify(event)}\n`;
}

/** A body of whole lines, with an empty line after 10 s of silence. It takes the next line when the reader asks for more, and aborts `gone` when the reader leaves. */
export function lineBody(
  lines: AsyncIterable<string>,
  { clock, onBug, gone }: EventLinesOptions,
): ReadableStream<Uint8Array> {
  const iterator = lines[Symbol.asyncIterator]();
  const text = new TextEncoder();
  let next: Promise<IteratorResult<string>> | undefined;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        next ??= iterator.next();
        try {
          const result = await within(next, { clock, ms: heartbeatMs });
          if (result === undefined) return controller.enqueue(text.encode("\n"));
          next = undefined;
          if (result.done) return controller.close();
          return controller.enqueue(text.encode(result.value));
        } catch (error) {
          if (!gone.signal.aborted && !(error instanceof UserError)) onBug(error);
          // A broken stream, unlike an end, makes the reader come back for the rest.
          return controller.error(new Error("events: interrupted"));
        }
      },
      async cancel() {
        gone.abort();
        next?.catch(() => undefined);
        await iterator.return?.();
      },
    },
    { highWaterMark: 1 },
  );
}

export interface EventLinesOptions {
  readonly clock: Clock;
  readonly onBug: (error: unknown) => void;
  readonly gone: AbortController;
}
