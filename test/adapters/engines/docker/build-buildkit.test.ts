import assert from "node:assert/strict";
import { test } from "node:test";
import { buildkitLog } from "../../../../src/adapters/engines/docker/build-buildkit.ts";
import { classicLog } from "../../../../src/adapters/engines/docker/build-classic.ts";
import { decodeStatus } from "../../../../src/adapters/engines/docker/buildkit-status.ts";

/** Protobuf, as far as the tests need it: numbers are varints, everything else has a length. */
function message(fields: readonly (readonly [number, number | string | Buffer])[]): Buffer {
  const parts = fields.map(([id, value]) => {
    if (typeof value === "number") return Buffer.concat([varint(id * 8), varint(value)]);
    const bytes = Buffer.from(value);
    return Buffer.concat([varint(id * 8 + 2), varint(bytes.length), bytes]);
  });
  return Buffer.concat(parts);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 127) {
    bytes.push((rest % 128) + 128);
    rest = Math.floor(rest / 128);
  }
  return Buffer.from([...bytes, rest]);
}

interface V {
  readonly cached?: boolean;
  readonly from?: number;
  readonly to?: number;
  readonly error?: string;
}

const time = (seconds: number): Buffer => message([[1, 1_800_000_000 + seconds]]);
function vertex(digest: string, name: string, { cached, from, to, error }: V): Buffer {
  return message([
    [1, digest],
    [3, name],
    ...(cached === true ? [[4, 1] as const] : []),
    ...(from === undefined ? [] : [[5, time(from)] as const]),
    ...(to === undefined ? [] : [[6, time(to)] as const]),
    ...(error === undefined ? [] : [[7, error] as const]),
  ]);
}
const logged = (digest: string, text: string): Buffer =>
  message([
    [1, digest],
    [3, 1],
    [4, text],
  ]);

function trace(fields: readonly (readonly [number, Buffer])[]) {
  return { id: "moby.buildkit.trace", aux: message(fields).toString("base64") };
}

test("a BuildKit build is told step by step", () => {
  const lines: string[] = [];
  const log = buildkitLog((line) => lines.push(line));
  const test1 = "[build 2/3] RUN npm test";
  log.take(trace([[1, vertex("i", "[internal] load remote build context", { from: 0 })]]));
  log.take(
    trace([
      [1, vertex("m", "[internal] load metadata for docker.io/library/node:24", { from: 0 })],
    ]),
  );
  log.take(
    trace([
      [
        1,
        vertex("a", "[build 1/3] FROM docker.io/library/node:24", { cached: true, from: 0, to: 0 }),
      ],
    ]),
  );
  log.take(trace([[1, vertex("b", test1, {})]]));
  log.take(
    trace([
      [1, vertex("b", test1, { from: 1 })],
      [3, logged("b", "one\ntw")],
    ]),
  );
  log.take(
    trace([
      [1, vertex("c", "[web 1/1] RUN other", { from: 1 })],
      [3, logged("c", "10%\r90%\r100%\n")],
    ]),
  );
  log.take(trace([[3, logged("b", "o \u001b[2Jx\n")]]));
  log.take(trace([[1, vertex("c", "[web 1/1] RUN other", { from: 1, to: 3 })]]));
  log.take(trace([[1, vertex("b", test1, { from: 1, to: 5, error: "exit code: 1" })]]));
  assert.deepEqual(lines, [
    "looking up node:24",
    "[build 1/3] FROM docker.io/library/node:24 CACHED",
    "[build 2/3] RUN npm test",
    "one",
    "[web 1/1] RUN other",
    "100%",
    "[build 2/3] …",
    "two x",
    "[web 1/1] done after 2.0 s",
  ]);
  assert.equal(log.step(), "RUN npm test");
  assert.deepEqual(log.tail(), ["one", "two x"]);
});

test("layers being pulled are summed up every two seconds", () => {
  const lines: string[] = [];
  const log = buildkitLog((line) => lines.push(line));
  const layer = (id: string, current: number, at: number): Buffer =>
    message([
      [1, id],
      [2, "a"],
      [3, "downloading"],
      [4, current],
      [5, 50_000_000],
      [6, time(at)],
    ]);
  log.take(
    trace([
      [1, vertex("a", "[1/2] FROM x", { from: 0 })],
      [2, layer("l1", 1e6, 0)],
    ]),
  );
  log.take(trace([[2, layer("l2", 2e6, 1)]]));
  log.take(trace([[2, layer("l1", 21_500_000, 2)]]));
  assert.deepEqual(lines, ["[1/2] FROM x", "[1/2] 23.5 of 100.0 MB"]);
});

test("a build status that is cut off is no status", () => {
  const { aux } = trace([[1, vertex("a", "[1/2] FROM x", { from: 0 })]]);
  const cut = Buffer.from(aux, "base64").subarray(0, -3).toString("base64");
  assert.throws(() => decodeStatus(cut), RangeError);
  assert.deepEqual(decodeStatus(""), { vertexes: [], statuses: [], logs: [], warnings: [] });
});

test("a classic build is told in the same words", () => {
  const lines: string[] = [];
  const log = classicLog((line) => lines.push(line));
  for (const stream of [
    "Step 1/2 : FROM node:24",
    "\n",
    " ---> 0123456789ab\n",
    "Step 2/2 : RUN npm test",
    "\n",
    " ---> Running in 0123456789ab\n",
    "one\n",
    "\u001b[91mtwo\n\u001b[0m",
    "Removing intermediate container 0123456789ab\n",
  ]) {
    log.take({ stream });
  }
  assert.deepEqual(lines, ["[1/2] FROM node:24", "[2/2] RUN npm test", "one", "two"]);
  assert.equal(log.step(), "RUN npm test");
  assert.deepEqual(log.tail(), ["one", "two"]);
});
