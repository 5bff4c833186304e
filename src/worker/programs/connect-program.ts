import { UserError } from "../../core/errors.ts";
import { maxFrameBytes, stdinWindowBytes } from "../../core/wire/frames.ts";
import type { Program } from "../../adapters/engines/docker/program-streams.ts";
import type { TerminalConnection } from "../../adapters/wire/terminal-connection.ts";

/** Brings a line and a program together until either ends: true when the program did and its exit code was said. Throws what the client did wrong. */
export async function converse(
  line: TerminalConnection,
  program: Program,
  guarded: AbortSignal,
): Promise<boolean> {
  const isSaid = speak(line, program).then(
    () => true,
    (error: unknown) => {
      // A stream that was torn down because the line went is not its own news.
      if (line.gone.aborted || guarded.aborted) return false;
      throw error;
    },
  );
  const isOver = listen(line, program).then(() => false);
  const isRefused = refusal(guarded);
  try {
    return await Promise.race([isSaid, isOver, isRefused]);
  } finally {
    for (const one of [isSaid, isOver, isRefused]) one.catch(() => undefined);
  }
}

/** All output, then the exit code; slower than the program where the client is. */
async function speak(line: TerminalConnection, program: Program): Promise<void> {
  for await (const { stream, bytes } of program.output()) {
    for (let at = 0; at < bytes.length; at += maxFrameBytes)
      // oxlint-disable-next-line no-await-in-loop
      await line.send({ kind: stream, bytes: bytes.subarray(at, at + maxFrameBytes) });
    if (line.gone.aborted) throw new Error("nobody listens");
  }
  await line.send({ kind: "exit", code: await program.end() });
}

/** Never waits for the program, so that a signal is heard however much input it has not read. */
async function listen(line: TerminalConnection, program: Program): Promise<void> {
  let waiting = 0;
  let taken = Promise.resolve();
  const take = async (bytes: Uint8Array) => {
    await program.write(bytes);
    waiting -= bytes.length;
    await line.send({ kind: "taken", bytes: bytes.length });
  };
  for await (const frame of line.frames()) {
    switch (frame.kind) {
      case "stdin": {
        const { bytes } = frame;
        waiting += bytes.length;
        if (waiting > stdinWindowBytes) throw tooFast();
        if (bytes.length > 0) taken = taken.then(() => take(bytes));
        break;
      }
      case "stdin-end":
        taken = taken.then(() => program.endInput());
        break;
      case "resize":
        // The program may have ended meanwhile, and then its size is nobody's concern.
        void program.resize(frame).catch(() => undefined);
        break;
      case "signal":
        void program.signal(frame.signal).catch(() => undefined);
        break;
      case "stdout":
      case "stderr":
      case "taken":
      case "exit":
      case "error":
      case "keepalive":
        throw new UserError(
          `connection: carried a frame that only a server sends (${frame.kind})`,
          {
            code: "protocol",
          },
        );
    }
  }
}

function refusal(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const refuse = () => reject(signal.reason as Error);
    if (signal.aborted) refuse();
    else signal.addEventListener("abort", refuse, { once: true });
  });
}

const tooFast = (): UserError =>
  new UserError(`connection: carried more than ${stdinWindowBytes} bytes that were not asked for`, {
    code: "protocol",
  });
