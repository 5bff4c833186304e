import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { createFrameReader } from "../../../../src/adapters/engines/docker/log-frames.ts";
import { createLogSource } from "../../../../src/adapters/engines/docker/log-stream.ts";
import { startFakeDocker, type FakeRoutes } from "../../../support/fake-docker.ts";

const at = (nanos: number) => `2026-11-21T12:00:00.${String(nanos).padStart(9, "0")}Z`;

function frame(stream: 1 | 2, text: string | Buffer): Buffer {
  const body = Buffer.from(text);
  const head = Buffer.alloc(8);
  head.writeUInt8(stream, 0);
  head.writeUInt32BE(body.length, 4);
  return Buffer.concat([head, body]);
}

test("a log is taken apart in whatever pieces it comes", () => {
  const log = Buffer.concat([
    frame(1, `${at(1)} one – two\n`),
    frame(2, `${at(2)} \n`),
    frame(1, `${at(3)} not comp`),
  ]);
  const expected = [
    { stream: "stdout", at: at(1), text: "one – two" },
    { stream: "stderr", at: at(2), text: "" },
  ];
  for (const size of [1, 3, 7, 1000]) {
    const take = createFrameReader();
    const lines = [];
    for (let from = 0; from < log.length; from += size)
      lines.push(...take(log.subarray(from, from + size)));
    assert.deepEqual(lines, expected, `pieces of ${size}`);
  }
});

test("a line that the engine has split is one line again, also where a letter was split", () => {
  const take = createFrameReader();
  const letter = Buffer.from("–");
  const first = Buffer.concat([Buffer.from(`${at(1)} long `), letter.subarray(0, 1)]);
  const second = Buffer.concat([
    Buffer.from(`${at(9)} `),
    letter.subarray(1),
    Buffer.from(" end\n"),
  ]);
  const lines = take(
    Buffer.concat([frame(1, first), frame(2, `${at(2)} err\n`), frame(1, second)]),
  );
  assert.deepEqual(lines, [
    { stream: "stderr", at: at(2), text: "err" },
    { stream: "stdout", at: at(1), text: "long – end" },
  ]);
});

test("a line without an end comes in pieces of the same time", () => {
  const take = createFrameReader();
  const piece = frame(1, `${at(1)} ${"x".repeat(100_000)}`);
  const lines = take(Buffer.concat([piece, piece, piece, frame(1, `${at(1)} end\n`)]));
  assert.deepEqual(
    lines.map((line) => [line.at, line.text.length, line.isCut]),
    [
      [at(1), 200_000, true],
      [at(1), 100_003, undefined],
    ],
  );
  const letters = Buffer.from("😀".repeat(40_000)).subarray(0, 140_002);
  const [cut, end] = take(
    Buffer.concat([
      frame(1, Buffer.concat([Buffer.from(`${at(1)} `), letters])),
      frame(1, Buffer.concat([Buffer.from(`${at(1)} `), Buffer.from("😀\n").subarray(2)])),
    ]),
  );
  assert.equal(`${cut?.text}${end?.text}`, "😀".repeat(35_001));
  assert.throws(
    () => take(Buffer.from([1, 0, 0, 0, 255, 255, 255, 255])),
    /a log frame of 4294967295 bytes/,
  );
});

async function source(t: TestContext, routes: FakeRoutes) {
  const docker = await startFakeDocker(routes);
  t.after(docker.close);
  return { docker, source: createLogSource({ instance: "mypaas", socketPath: docker.socketPath }) };
}

test("replicas of a service are listed, what belongs to none is not", async (t) => {
  const labels = (release: number, replica: number) => ({
    "mypaas.release": String(release),
    "mypaas.replica": String(replica),
  });
  const { docker, source: logs } = await source(t, {
    "GET /containers/json": () => ({
      body: [
        { Id: "a".repeat(64), State: "running", Labels: labels(3, 1) },
        { Id: "b".repeat(64), State: "exited", Labels: labels(2, 1) },
        { Id: "c".repeat(64), State: "exited", Labels: labels(3, 0) },
        {
          Id: "d".repeat(64),
          State: "running",
          Labels: { ...labels(3, 1), "mypaas.process": "worker" },
        },
      ],
    }),
  });
  assert.deepEqual(await logs.list("web"), [
    { id: "a".repeat(12), release: 3, process: "web", replica: 1, isRunning: true },
    { id: "b".repeat(12), release: 2, process: "web", replica: 1, isRunning: false },
    { id: "d".repeat(12), release: 3, process: "worker", replica: 1, isRunning: true },
  ]);
  assert.match(
    docker.seen[0] ?? "",
    /"mypaas.instance=mypaas","mypaas.role=service","mypaas.service=web"/,
  );
});

test("the engine is asked for a time to the nanosecond, and a container that is gone has no lines", async (t) => {
  const { docker, source: logs } = await source(t, {
    "GET /containers/here/logs": () => ({ body: frame(1, `${at(5)} hello\n`) }),
    "GET /containers/gone/logs": () => ({ status: 404, body: { message: "no such container" } }),
  });
  const { signal } = new AbortController();
  const read = async (id: string) => {
    const lines = [];
    for await (const batch of logs.read(id, { since: at(4), tail: 9, isFollowed: false, signal }))
      lines.push(...batch);
    return lines;
  };
  assert.deepEqual(await read("here"), [{ stream: "stdout", at: at(5), text: "hello" }]);
  assert.deepEqual(await read("gone"), []);
  const second = Date.UTC(2026, 10, 21, 12) / 1000;
  assert.equal(
    docker.seen[0],
    `GET /containers/here/logs?stdout=1&stderr=1&timestamps=1&follow=0&since=${second}.000000004&tail=9`,
  );
});
