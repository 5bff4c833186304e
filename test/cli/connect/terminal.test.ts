import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { test } from "node:test";
import { stdinWindowBytes, type Frame } from "../../../src/core/wire/frames.ts";
import type { World } from "../../../src/core/world.ts";
import { openTerminalConnection } from "../../../src/adapters/wire/terminal-connection.ts";
import { joinProgram, terminalOf } from "../../../src/cli/connect/terminal.ts";
import { socketPair } from "../../support/socket-pair.ts";
import { shown } from "../../support/worker.ts";
import { fakeWorld } from "../../support/world.ts";

/** A command here, and the worker's end of its line. */
async function join(change: Partial<World> = {}, isTerminal = false) {
  const [here, there] = await socketPair();
  const world = fakeWorld({ stdin: new PassThrough(), ...change });
  const line = openTerminalConnection(here, { head: Buffer.alloc(0), place: "prod" });
  const server = openTerminalConnection(there, {
    head: Buffer.alloc(0),
    place: "client",
    isServer: true,
  });
  const code = joinProgram(world, { line, isTerminal, place: "prod" });
  code.catch(() => undefined);
  const frames = server.frames()[Symbol.asyncIterator]();
  const next = async (): Promise<Frame> => {
    const { value, done } = await frames.next();
    if (done === true) throw new Error("the line ended");
    return value;
  };
  const end = async (frame: Frame) => {
    await server.send(frame);
    await Promise.allSettled([code, server.end()]);
  };
  return { world, server, socket: there, code, next, end };
}

test("output goes to its own stream, and the exit code is the program's", async () => {
  const { world, server, code, end } = await join();
  await server.send({ kind: "stdout", bytes: Buffer.from("out") });
  await server.send({ kind: "stderr", bytes: Buffer.from("err") });
  await end({ kind: "exit", code: 137 });
  assert.equal(await code, 137);
  assert.deepEqual([world.out(), world.err()], ["out", "err"]);
});

test("input goes as far as the window lets it, and then its end", async () => {
  const stdin = new PassThrough({ highWaterMark: 10 * stdinWindowBytes });
  stdin.end(Buffer.alloc(stdinWindowBytes + 100));
  const { server, next, end } = await join({ stdin });
  let bytes = 0;
  while (bytes < stdinWindowBytes) {
    const frame = await next();
    assert.ok(frame.kind === "stdin");
    bytes += frame.bytes.length;
  }
  assert.equal(bytes, stdinWindowBytes);
  const more = next();
  assert.equal(await Promise.race([more, settled("nothing yet")]), "nothing yet");
  await server.send({ kind: "taken", bytes: 100 });
  assert.equal((await more).kind, "stdin");
  assert.deepEqual(await next(), { kind: "stdin-end" });
  await end({ kind: "exit", code: 0 });
});

test("the first Ctrl-C of a pipe is the program's, and its answer is awaited", async () => {
  const interruption = new AbortController();
  const { code, next, end } = await join({ interrupted: interruption.signal });
  interruption.abort();
  assert.deepEqual(await next(), { kind: "signal", signal: "SIGINT" });
  await end({ kind: "exit", code: 9 });
  assert.equal(await code, 9);
});

test("a terminal is raw for as long as the program runs, and tells its size", async () => {
  const did: string[] = [];
  let onResize = () => {};
  const terminal: World["terminal"] = {
    write: async () => undefined,
    size: () => ({ cols: 100, rows: 30 }),
    onResize: (listener) => {
      onResize = listener;
      return () => void did.push("no more sizes");
    },
    setRaw: (isRaw) => void did.push(`raw ${isRaw}`),
  };
  const { next, end } = await join({ terminal }, true);
  onResize();
  assert.deepEqual(await next(), { kind: "resize", cols: 100, rows: 30 });
  await end({ kind: "exit", code: 0 });
  assert.deepEqual(did, ["raw true", "no more sizes", "raw false"]);
  const about = { terminal, env: { TERM: "vt100" } };
  assert.deepEqual(terminalOf(fakeWorld(about)), { cols: 100, rows: 30, type: "vt100" });
  assert.equal(terminalOf(fakeWorld({ ...about, env: { TERM: "x y" } }))?.type, "xterm");
  assert.equal(terminalOf(fakeWorld()), undefined);
});

test("what the server says went wrong is an error here, without its terminal controls", async () => {
  const { code, end } = await join();
  const message = "run web: \u001b[2Jgone";
  await end({ kind: "error", error: { code: "gone", message, hint: "look", details: ["more"] } });
  assert.equal(await said(code), "run web: gone\nmore\nhint: look");
});

test("a line that ends before the program says so", async () => {
  const { code, socket } = await join();
  socket.destroy();
  assert.equal(
    await said(code),
    "prod: connection lost\nthe program got SIGHUP, as when a terminal is closed\nhint: run the same command again",
  );
});

async function said(code: Promise<unknown>): Promise<string> {
  try {
    await code;
  } catch (error) {
    return shown(error);
  }
  throw new Error("nothing went wrong");
}

const settled = <T>(value: T): Promise<T> =>
  new Promise((resolve) => setImmediate(() => setImmediate(() => resolve(value))));
