import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { mkdtemp, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { duplexPair } from "node:stream";
import { test, type TestContext } from "node:test";
import { UserError } from "../../../src/core/errors.ts";
import { encodeFrame, type Frame } from "../../../src/core/wire/frames.ts";
import { openTerminal } from "../../../src/adapters/wire/terminal.ts";
import { openTerminalConnection } from "../../../src/adapters/wire/terminal-connection.ts";
import { onUpgrade, shouldUpgrade, type OnConnection } from "../../../src/adapters/wire/upgrade.ts";
import { passOn } from "../../../src/receiver/terminal.ts";
import { refusal, shown } from "../../support/worker.ts";

const id = "ab".repeat(32);
const token = "a-token-of-24-characters";

/** A worker on a socket, and a receiver before it on another. */
async function open(t: TestContext, attach: () => Promise<OnConnection>, maxOpen = 2) {
  const dir = await mkdtemp(join(tmpdir(), "mypaas-attach-"));
  const asked: string[] = [];
  const bugs: unknown[] = [];
  const onBug = (error: unknown) => bugs.push(error);
  const serve = async (path: string, on: Parameters<typeof onUpgrade>[1]) => {
    const server = createServer({ shouldUpgradeCallback: shouldUpgrade }, (_request, answer) =>
      answer.writeHead(404).end("plain"),
    );
    onUpgrade(server, on);
    server.listen(path);
    await once(server, "listening");
    t.after(() => server.close().closeAllConnections());
  };
  const worker = join(dir, "worker.sock");
  const receiver = join(dir, "receiver.sock");
  const answers: number[] = [];
  await serve(worker, {
    open: async (one) => {
      asked.push(`${one.request} ${one.token}`);
      return attach();
    },
    onBug,
    maxOpen,
  });
  await serve(receiver, {
    open: passOn(worker),
    onBug,
    maxOpen,
    onAnswer: (_incoming, status) => answers.push(status),
  });
  t.after(() => rm(dir, { recursive: true, force: true }));
  const dial = (path = receiver) =>
    openTerminal({ target: { kind: "socket", path }, place: "prod", request: id, token });
  return { asked, bugs, answers, dial, worker, receiver };
}

async function heard(frames: AsyncIterable<Frame>): Promise<readonly string[]> {
  const said: string[] = [];
  for await (const frame of frames)
    said.push("bytes" in frame ? `${frame.kind} ${String(frame.bytes)}` : JSON.stringify(frame));
  return said;
}

test("a line carries frames both ways through the receiver, and ends for both", async (t) => {
  const there = Promise.withResolvers<readonly string[]>();
  const { dial, asked, answers, bugs } = await open(t, async () => async (socket, head) => {
    const line = openTerminalConnection(socket, { head, place: "client", isServer: true });
    await line.send({ kind: "stdout", bytes: Buffer.from("hello") });
    const listening = heard(line.frames());
    await line.send({ kind: "exit", code: 7 });
    await line.end();
    there.resolve(await listening);
  });
  const line = await dial();
  await line.send({ kind: "stdin", bytes: Buffer.from("question") });
  await line.send({ kind: "signal", signal: "SIGINT" });
  const said: string[] = [];
  for await (const frame of line.frames()) {
    said.push(frame.kind);
    if (frame.kind === "exit") break;
  }
  await line.end();
  assert.deepEqual(said, ["stdout", "exit"]);
  assert.deepEqual(asked, [`${id} ${token}`]);
  assert.deepEqual(answers, [101]);
  assert.deepEqual(await there.promise, ["stdin question", '{"kind":"signal","signal":"SIGINT"}']);
  assert.deepEqual(bugs, []);
});

test("what the worker refuses arrives in its own words, and a bug as nothing but one", async (t) => {
  let error: unknown = new UserError("request: no program waits for a connection", {
    code: "not-found",
    hint: "run the same command again",
  });
  const { dial, answers, bugs } = await open(t, () => Promise.reject(error));
  assert.equal(
    await refusal(() => dial()),
    "request: no program waits for a connection\nhint: run the same command again",
  );
  error = new Error("secret");
  assert.equal(await refusal(() => dial()), "server: ran into a bug of its own");
  assert.deepEqual(answers, [404, 500]);
  assert.equal(bugs.length, 2);
});

test("more lines than there is room for are refused, on this side of the worker", async (t) => {
  const over = Promise.withResolvers<void>();
  const { dial, asked } = await open(t, async () => () => over.promise, 1);
  await dial();
  assert.equal(await refusal(() => dial()), "server: too many terminal connections at once");
  assert.equal(asked.length, 1);
  over.resolve();
});

const wrong: readonly [string, string][] = [
  ["GET /elsewhere", "path: not part of the protocol"],
  [`POST /.well-known/mypaas/v1/requests/${id}/attach`, "path: not part of the protocol"],
  [`GET /.well-known/mypaas/v1/requests/${id}/attach`, "request: carries no bearer token"],
];
for (const [what, message] of wrong)
  test(`an upgrade is refused without asking the worker: ${what.slice(0, 30)}`, async (t) => {
    const { receiver, asked } = await open(t, () => Promise.reject(new Error("not asked")));
    const socket = connect(receiver);
    socket.end(
      `${what} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: mypaas-stream\r\n\r\n`,
    );
    const answer = String(Buffer.concat(await socket.toArray()));
    assert.match(answer, /^HTTP\/1.1 40[14] /);
    assert.ok(answer.includes(message), answer);
    assert.deepEqual(asked, []);
  });

test("another upgrade is a request like any other", async (t) => {
  const { receiver } = await open(t, () => Promise.reject(new Error("not asked")));
  const socket = connect(receiver);
  socket.write("GET / HTTP/1.1\r\nHost: x\r\nConnection: close, Upgrade\r\nUpgrade: h2c\r\n\r\n");
  assert.match(String(Buffer.concat(await socket.toArray())), /^HTTP\/1.1 404 Not Found[^]*plain/);
});

test("a worker that is away is named", async (t) => {
  const { dial, receiver } = await open(t, async () => async () => undefined);
  assert.equal(
    await refusal(() => dial(`${receiver}-none`)),
    "prod: nothing listens there\nhint: on the server, see what is missing and repair it: sudo mypaas init",
  );
});

test("a line that breaks, or is silent for too long, says so", async () => {
  for (const silent of [false, true]) {
    const [here, there] = duplexPair();
    const line = openTerminalConnection(here, {
      head: Buffer.alloc(0),
      place: "prod",
      silenceMs: 10,
    });
    if (!silent) there.destroy(new Error("cut"));
    there.on("error", () => undefined);
    if (!silent) here.destroy(new Error("cut"));
    try {
      await heard(line.frames());
      assert.fail("not told");
    } catch (error) {
      assert.equal(shown(error), "prod: connection lost\nhint: run the same command again");
    }
    assert.equal(line.gone.aborted, true);
  }
});

test("who does not read is waited for, and frames that came with the answer are not lost", async () => {
  const [here, there] = duplexPair();
  const line = openTerminalConnection(here, {
    head: encodeFrame({ kind: "exit", code: 3 }),
    place: "prod",
  });
  let sent = 0;
  const sending = (async () => {
    for (; sent < 100; sent += 1) await line.send({ kind: "stdout", bytes: Buffer.alloc(60_000) });
  })();
  for await (const frame of line.frames()) {
    assert.deepEqual(frame, { kind: "exit", code: 3 });
    break;
  }
  assert.ok(sent < 5, `${sent} frames were sent to nobody`);
  there.resume();
  await sending;
  there.end();
  await line.end();
});
