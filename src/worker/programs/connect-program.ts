import { UserError } from "../../core/errors.ts";
import { maxFrameBytes, stdinWindowBytes } from "../../core/wire/frames.ts";
import type { Program } from "../../adapters/engines/docker/program-streams.ts";
import type { TerminalConnection } from "../../adapters/wire/terminal-connection.ts";

/** Connects a client with a program until either ends. Returns true when the program ended and its exit code was sent. Throws UserError "protocol" for a wrong frame. */
export async function connectProgram(
  connection: TerminalConnection,
  program: Program,
  guarded: AbortSignal,
): Promise<boolean> {
  const isOutputSent = sendOutput(connection, program).then(
    () => true,
    (error: unknown) => {
      // The end of the connection breaks the stream too.
      if (connection.gone.aborted || guarded.aborted) return false;
      throw error;
    },
  );
  const isInputOver = receiveInput(connection, program).then(() => false);
  const isRefused = refusal(guarded);
  try {
    return await Promise.race([isOutputSent, isInputOver, isRefused]);
  } finally {
    for (const one of [isOutputSent, isInputOver, isRefused]) one.catch(() => undefined);
  }
}

/** Sends all output, then the exit code; no faster than the client reads. */
async function sendOutput(connection: TerminalConnection, program: Program): Promise<void> {
  for await (const { stream, bytes } of program.output()) {
    for (let at = 0; at < bytes.length; at += maxFrameBytes)
      await connection.send({ kind: stream, bytes: bytes.subarray(at, at + maxFrameBytes) });
    if (connection.gone.aborted) throw new Error("the client is gone");
  }
  await connection.send({ kind: "exit", code: await program.end() });
}

/** Passes input and signals to the program. A signal overtakes input that the program has not read. */
async function receiveInput(connection: TerminalConnection, program: Program): Promise<void> {
  let waiting = 0;
  let taken = Promise.resolve();
  const take = async (bytes: Uint8Array) => {
    await program.write(bytes);
    waiting -= bytes.length;
    await connection.send({ kind: "taken", bytes: bytes.length });
  };
  for await (const frame of connection.frames()) {
    switch (frame.kind) {
      case "stdin":
        waiting += frame.bytes.length;
        if (waiting > stdinWindowBytes)
          throw protocolError(`more than ${stdinWindowBytes} bytes of input are on the way`);
        if (frame.bytes.length > 0) taken = taken.then(() => take(frame.bytes));
        break;
      case "stdin-end":
        taken = taken.then(() => program.endInput());
        break;
      case "resize":
        // The program may have ended already.
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
        throw protocolError(`only a server sends frames of kind "${frame.kind}"`);
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

const protocolError = (problem: string): UserError =>
  new UserError(`connection: ${problem}`, { code: "protocol" });
