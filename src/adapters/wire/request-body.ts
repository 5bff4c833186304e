import type { Clock } from "../../deploy/ports.ts";
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
      // Each read decides whether there is a next one.
      // oxlint-disable-next-line no-await-in-loop
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

async function readWithin(reader: Reader, pace: Pace, ms: number): Promise<Uint8Array | undefined> {
  const done = new AbortController();
  const late = pace.clock.sleep(Math.max(ms, 0), done.signal).then(
    () => {
      throw new UserError(
        `upload: fewer than ${pace.minBytes} bytes arrived in ${pace.windowMs / 1000} s`,
        { code: "stalled", hint: hint`push again; received bytes are kept: ${command("push")}` },
      );
    },
    () => undefined,
  );
  try {
    const next = await Promise.race([read(reader), late]);
    return next?.done === false ? next.value : undefined;
  } finally {
    done.abort();
  }
}

async function read(reader: Reader) {
  try {
    return await reader.read();
  } catch (cause) {
    throw new UserError("upload: cut off in the middle", { code: "bad-request", cause });
  }
}

/** Collects a body of at most `maxBytes`; `claim` gets the length of each chunk first and may refuse it. */
export async function readWhole(
  chunks: AsyncIterable<Uint8Array>,
  claim: (bytes: number) => void,
): Promise<Buffer> {
  const kept: Uint8Array[] = [];
  for await (const chunk of chunks) {
    claim(chunk.length);
    kept.push(chunk);
  }
  return Buffer.concat(kept);
}
