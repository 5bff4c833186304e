import { createServer, type Server, type Socket } from "node:net";
import { UserError } from "../../core/errors.ts";
import { readGitCommand } from "../../core/server/git-address.ts";
import { plainTheme, renderEvent } from "../../core/wire/event-text.ts";
import { encodeFrame, maxFrameBytes } from "../../core/wire/frames.ts";
import { authoriseTouch } from "../../core/wire/permissions.ts";
import type { State } from "../../adapters/state/state.ts";
import { callerOf } from "../access/enrolled-keys.ts";
import { firstLine } from "./lines.ts";
import type { ReceivePack } from "./receive-pack.ts";
import type { LoginTokens } from "./tokens.ts";

export interface SessionParts {
  readonly state: State;
  readonly now: () => number;
  readonly tokens: LoginTokens;
  readonly receive: ReceivePack;
  readonly onBug: (error: unknown) => void;
  /** Aborted when the worker stops. */
  readonly stopped: AbortSignal;
}

/** What git's client sees of a push: bytes for git, words for the person, and at last an exit code. */
export interface GitLine {
  readonly key: string;
  readonly service: string;
  /** Such as `version=1`; empty where the client does not say it. */
  readonly protocol: string;
  readonly socket: Socket;
  readonly write: (stream: "stdout" | "stderr", bytes: Uint8Array) => Promise<void>;
  readonly say: (text: string) => void;
}

const maxSessions = 16;

/** Takes the logins that sshd has proved. The program at the other end has a token and no rights; what it says besides is text. */
export function sessionServer(parts: SessionParts): Server {
  const busy = new Map<string, Promise<unknown>>();
  // Git ends its input and goes on reading.
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on("error", () => socket.destroy());
    void serve(parts, socket, busy).catch(parts.onBug);
  });
  server.maxConnections = maxSessions;
  return server;
}

async function serve(
  parts: SessionParts,
  socket: Socket,
  busy: Map<string, Promise<unknown>>,
): Promise<void> {
  const say = (text: string) => {
    for (const line of text.split("\n"))
      socket.write(encodeFrame({ kind: "stderr", bytes: Buffer.from(`mypaas: ${line}\n`) }));
  };
  let code = 1;
  try {
    const login = await begun(parts, socket);
    const line: GitLine = { ...login, socket, say, write: (...args) => writeTo(socket, ...args) };
    code = await inTurn(busy, line, () => parts.receive(line, parts.stopped));
  } catch (error) {
    say(textOf(error));
    if (!(error instanceof UserError)) parts.onBug(error);
  } finally {
    // The line ends with its exit code, not when the connection does.
    socket.end(encodeFrame({ kind: "exit", code: Math.min(255, Math.max(0, code)) }));
    socket.resume();
  }
}

/** Reads who pushes what, and refuses it in words before anything runs. */
async function begun({ state, now, tokens }: SessionParts, socket: Socket) {
  const timer = setTimeout(() => socket.destroy(), 10_000);
  const [token = "", protocol = "", command = ""] = (await firstLine(socket)).split("\t");
  clearTimeout(timer);
  const key = tokens.use(token);
  if (key === undefined)
    throw new UserError("this login was not opened by sshd, or a minute ago: push again");
  const asked = readGitCommand(command);
  if ("refused" in asked) throw new UserError(asked.refused);
  const caller = callerOf(state, key);
  if (caller === undefined) throw new UserError(`key ${key}: not enrolled on this server any more`);
  authoriseTouch(caller, "push", [asked.service], now());
  return {
    key,
    service: asked.service,
    protocol: /^version=[012]$/.test(protocol) ? protocol : "",
  };
}

/** One push of a service at a time: a second one must see what the first has made of the branch. */
async function inTurn<T>(
  busy: Map<string, Promise<unknown>>,
  { service, say }: GitLine,
  work: () => Promise<T>,
): Promise<T> {
  const before = busy.get(service);
  if (before !== undefined) say(`waiting for another push to ${service} …`);
  const done = (before ?? Promise.resolve()).then(work, work);
  busy.set(service, done);
  try {
    return await done;
  } finally {
    if (busy.get(service) === done) busy.delete(service);
  }
}

async function writeTo(
  socket: Socket,
  kind: "stdout" | "stderr",
  bytes: Uint8Array,
): Promise<void> {
  for (let at = 0; at < bytes.length; at += maxFrameBytes) {
    if (!socket.writable) return;
    const isFree = socket.write(
      encodeFrame({ kind, bytes: bytes.subarray(at, at + maxFrameBytes) }),
    );
    // oxlint-disable-next-line no-await-in-loop
    if (!isFree) await drained(socket);
  }
}

/** A client that has gone takes nothing more; then its bytes are dropped. */
const drained = (socket: Socket): Promise<void> =>
  new Promise((resolve) => {
    const done = () => {
      socket.off("drain", done).off("close", done);
      resolve();
    };
    socket.once("drain", done).once("close", done);
  });

/** An error as the person who pushes reads it. */
export function textOf(error: unknown): string {
  if (!(error instanceof UserError)) return "error: a bug of mypaas; see its log on the server";
  const { message, details, hint, still } = error;
  const failed = { kind: "failed", message, details, ...(still && { still }) } as const;
  return renderEvent({ ...failed, ...(hint !== undefined && { hint }) }, plainTheme);
}
