import type { Clock } from "../../deploy/ports.ts";
import { within } from "../clock.ts";
import { readWhole } from "../files.ts";
import { UserError } from "../../core/errors.ts";
import { command, hint } from "../../core/hints.ts";

/** How slow a sender may be: the time spent waiting for it is counted, and each `minBytes` restart the count. */
export interface Pace {
  readonly clock: Clock;
  readonly windowMs: number;
  readonly minBytes: number;
}

export const uploadPace = { windowMs: 30_000, minBytes: 16 * 1024 } as const;

/** Yields a body while its sender keeps the pace and stays below `maxBytes`; throws UserError "stalled", "too-large" or "bad-request" (cut off). */
export async function* pacedBody(
  body: ReadableStream<Uint8Array> | null,
  { pace, maxBytes }: { readonly pace: Pace; readonly maxBytes: number },
): AsyncGenerator<Uint8Array, void, undefined> {
  if (!body) return;
  const reader = body.getReader();
  let total = 0;
  let recent = 0;
  let waited = 0;
  try {
    for (;;) {
      const asked = pace.clock.now();
      const chunk = await readWithin(reader, pace, pace.windowMs - waited);
      if (chunk === undefined) return;
      total += chunk.length;
      if (total > maxBytes)
        throw new UserError(`body: larger than ${maxBytes} bytes`, { code: "too-large" });
      recent += chunk.length;
      waited += pace.clock.now() - asked;
      if (recent >= pace.minBytes) recent = waited = 0;
      yield chunk;
    }
  } finally {
    void reader.cancel().catch(() => undefined);
  }
}

type Reader = ReadableStreamDefaultReader<Uint8Array>;

async function readWithin(
  reader: Reader,
  { clock, minBytes, windowMs }: Pace,
  ms: number,
): Promise<Uint8Array | undefined> {
  const next = await within(read(reader), { clock, ms: Math.max(ms, 0) }, () => {
    const problem = `fewer than ${minBytes} bytes arrived in ${windowMs / 1000} s`;
    const way = hint`push again; received bytes are kept: ${command("push")}`;
    throw new UserError(`upload: ${problem}`, { code: "stalled", hint: way });
  });
  return next?.done === false ? next.value : undefined;
}

async function read(reader: Reader) {
  try {
    return await reader.read();
  } catch (cause) {
    throw new UserError("upload: cut off in the middle", { code: "bad-request", cause });
  }
}

/** Reads whole bodies; those that are being read and used at the same time share one limit. */
export function bodyReader(clock: Clock, maxBufferedBytes: number) {
  const pace = { ...uploadPace, clock };
  let buffered = 0;
  return async <T>(
    body: ReadableStream<Uint8Array> | null,
    maxBytes: number,
    use: (bytes: Buffer) => Promise<T>,
  ): Promise<T> => {
    let own = 0;
    try {
      const bytes = await readWhole(pacedBody(body, { pace, maxBytes }), (length) => {
        if (buffered + length > maxBufferedBytes)
          throw new UserError("server: too many requests at once", { code: "busy" });
        buffered += length;
        own += length;
      });
      return await use(bytes);
    } finally {
      buffered -= own;
    }
  };
}
