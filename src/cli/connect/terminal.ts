import { once } from "node:events";
import { UserError } from "../../core/errors.ts";
import { maxFrameBytes, stdinWindowBytes } from "../../core/wire/frames.ts";
import type { TerminalAsked } from "../../core/actions/programs.ts";
import type { World } from "../../core/world.ts";
import type { TerminalConnection } from "../../adapters/wire/terminal-connection.ts";
import { readServerError } from "../../adapters/wire/call.ts";

/** What this terminal is like; undefined where input or output is none. */
export function terminalOf({ terminal, env }: World): TerminalAsked | undefined {
  const size = terminal.size();
  const type = /^[A-Za-z0-9+._-]{1,64}$/.exec(env["TERM"] ?? "")?.[0] ?? "xterm";
  return size === undefined ? undefined : { ...size, type };
}

export interface Joining {
  readonly line: TerminalConnection;
  /** Each key goes through as it is; else input and output are pipes. */
  readonly isTerminal: boolean;
  /** Name of the server in messages. */
  readonly place: string;
}

/** Joins our own streams with a program elsewhere until it ends; returns its exit code. */
export async function joinProgram(world: World, joining: Joining): Promise<number> {
  const { line, isTerminal } = joining;
  const { terminal, interrupted } = world;
  const window = openWindow(line.gone);
  const onResize = () => {
    const size = terminal.size();
    if (size !== undefined) void line.send({ kind: "resize", ...size });
  };
  // With a terminal Ctrl-C is a key like any other; this is for pipes and for signals from other processes.
  const onInterrupt = () => void line.send({ kind: "signal", signal: "SIGINT" });
  const stopListening = isTerminal ? terminal.onResize(onResize) : () => undefined;
  if (isTerminal) terminal.setRaw(true);
  interrupted.addEventListener("abort", onInterrupt);
  if (interrupted.aborted) onInterrupt();
  // A stdin that cannot be read is one that has ended.
  void sendInput(world, line, window).catch(() => line.send({ kind: "stdin-end" }));
  try {
    return await receive(world, joining, window.more);
  } finally {
    interrupted.removeEventListener("abort", onInterrupt);
    stopListening();
    if (isTerminal) terminal.setRaw(false);
    // A read that is under way would keep this process and swallow what is typed next.
    if ("destroy" in world.stdin && typeof world.stdin.destroy === "function")
      world.stdin.destroy();
    await line.end();
  }
}

async function receive(
  { terminal }: World,
  { line, place }: Joining,
  more: (bytes: number) => void,
): Promise<number> {
  for await (const frame of line.frames()) {
    switch (frame.kind) {
      case "stdout":
      case "stderr":
        // While this waits nothing more is read, and in the end the program itself waits.
        await terminal.write(frame.kind, frame.bytes);
        break;
      case "taken":
        more(frame.bytes);
        break;
      case "exit":
        return frame.code;
      case "error":
        throw readServerError(frame.error) ?? lost(place);
      case "stdin":
      case "stdin-end":
      case "resize":
      case "signal":
      case "keepalive":
        // Ours to send; from a server they mean nothing.
        break;
    }
  }
  throw lost(place);
}

interface Window {
  /** Waits until so many bytes may be sent; false when the line is gone. */
  readonly take: (bytes: number) => Promise<boolean>;
  readonly more: (bytes: number) => void;
}

function openWindow(gone: AbortSignal): Window {
  const changes = new EventTarget();
  let free = stdinWindowBytes;
  return {
    take: async (bytes) => {
      // oxlint-disable-next-line no-await-in-loop
      while (free < bytes && !gone.aborted) await changed(changes, gone);
      free -= bytes;
      return !gone.aborted;
    },
    more: (bytes) => {
      free += bytes;
      changes.dispatchEvent(new Event("more"));
    },
  };
}

const changed = (changes: EventTarget, gone: AbortSignal): Promise<unknown> =>
  once(changes, "more", { signal: gone }).catch(() => undefined);

async function sendInput(
  { stdin }: World,
  line: TerminalConnection,
  window: Window,
): Promise<void> {
  for await (const chunk of stdin) {
    const bytes = typeof chunk === "string" ? Buffer.from(chunk) : chunk;
    for (let at = 0; at < bytes.length; at += maxFrameBytes) {
      const piece = bytes.subarray(at, at + maxFrameBytes);
      // oxlint-disable-next-line no-await-in-loop
      if (!(await window.take(piece.length))) return;
      // oxlint-disable-next-line no-await-in-loop
      await line.send({ kind: "stdin", bytes: piece });
    }
  }
  await line.send({ kind: "stdin-end" });
}

const lost = (place: string): UserError =>
  new UserError(`${place}: connection lost`, {
    code: "connection",
    hint: "run the same command again",
    details: ["the program got SIGHUP, as when a terminal is closed"],
  });
