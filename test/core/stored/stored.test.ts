import assert from "node:assert/strict";
import { test } from "node:test";
import { UserError } from "../../../src/core/errors.ts";
import { readStoredEvent } from "../../../src/core/stored/events.ts";
import {
  readHostRecord,
  readScaleOverride,
  readReceipt,
  readRelease,
  readStepData,
} from "../../../src/core/stored/records.ts";
import { maybe, object, or, text } from "../../../src/core/stored/shape.ts";
import { newRecord } from "../../../src/core/certificates/record.ts";
import { release } from "../../support/releases.ts";

const backup = "restore the state from a backup; what runs goes on as it is";

function messageOf(read: () => unknown): string {
  try {
    read();
  } catch (error) {
    assert.ok(error instanceof UserError, String(error));
    assert.deepEqual([error.code, error.hint], ["damaged-state", backup]);
    return error.message;
  }
  throw new Error("nothing was refused");
}

const web = release("web", 3, {
  routes: ["https://a.test/x"],
  env: { A: "1" },
  spec: { env: [{ name: "A", value: "1" }], scale: { kind: "roll", replicas: 2 } },
});
const record = newRecord("a.test", 5);

/** Each stored thing: its name in messages, how it is read, and one that is whole. */
const things: readonly (readonly [string, (json: string) => unknown, object])[] = [
  ["release 3 of web", (json) => readRelease(json, "web", 3), web],
  ["receipt of release 3 of web", (json) => readReceipt(json, "web", 3), { ms: 5, requests: 2 }],
  ["scale of web", (json) => readScaleOverride(json, "web"), { written: "2", replicas: 3 }],
  ["certificate of a.test", (json) => readHostRecord(json, "a.test"), record],
  ["journal of job 7", (json) => readStepData(json, 7), { service: "web", release: 3, ok: true }],
];

for (const [name, read, whole] of things)
  test(`${name} is read whole, and named where it is not`, () => {
    const json = JSON.stringify(whole);
    assert.deepEqual(read(json), JSON.parse(json));
    assert.deepEqual(read(JSON.stringify({ ...whole, later: [1] })), JSON.parse(json));
    for (const [bad, what] of [
      ["", "it is empty"],
      [json.slice(0, -1), "it is no JSON or cut off"],
      ["[]", "should be an object, got a list"],
      ["7", "should be an object, got a number"],
    ] as const)
      assert.equal(
        messageOf(() => read(bad)),
        `state: ${name}: damaged: ${what}`,
      );
  });

test("a damaged part is named by its place, and its value stays out of the message", () => {
  const change = (more: object) => JSON.stringify({ ...web, ...more });
  const spec = (more: object) => change({ spec: { ...web.spec, ...more } });
  const cases: readonly (readonly [string, string])[] = [
    [change({ number: "3" }), "number: should be a whole number, got a string"],
    [change({ number: 1.5 }), "number: should be a whole number, got a number"],
    [change({ env: { SECRET: ["hidden"] } }), "env: should be text, got a list"],
    [change({ env: null }), "env: should be an object, got null"],
    [change({ spec: "x" }), "spec: should be an object, got a string"],
    [
      change({ mounts: [{ type: "tmpfs" }] }),
      "mounts.1.type: should be volume or bind or none, got a string",
    ],
    [
      spec({ scale: { kind: "grow" } }),
      "spec.scale.kind: should be replace or roll or safe, got a string",
    ],
    [
      spec({ scale: { kind: "roll" } }),
      "spec.scale.replicas: should be a whole number, got nothing",
    ],
    [
      spec({ scale: { kind: "toString" } }),
      "spec.scale.kind: should be replace or roll or safe, got a string",
    ],
    [
      spec({ routes: [{ host: "a", path: "" }] }),
      "spec.routes.1.https: should be true or false, got nothing",
    ],
    [spec({ slug: undefined }), "spec.slug: should be text, got nothing"],
  ];
  for (const [json, what] of cases)
    assert.equal(
      messageOf(() => readRelease(json, "web", 3)),
      `state: release 3 of web: damaged: ${what}`,
    );
});

test("names that mean something to JavaScript are names like others", () => {
  const json = JSON.stringify(web).replace('"A":"1"', '"__proto__":"p","constructor":"c"');
  const { env } = readRelease(json, "web", 3);
  assert.deepEqual(Object.entries(env), [
    ["__proto__", "p"],
    ["constructor", "c"],
  ]);
  assert.equal(Object.getPrototypeOf(env), Object.prototype);
});

test("a key that came later has its answer in what was stored before it", () => {
  interface Thing {
    readonly name: string;
    readonly colour: string;
    readonly size?: string;
  }
  const thing = object<Thing, "name">({ name: text, colour: or(text, "grey"), size: maybe(text) });
  assert.deepEqual(thing({ name: "a" }, ""), { name: "a", colour: "grey" });
  assert.deepEqual(thing({ name: "a", colour: "red", size: "s" }, ""), {
    name: "a",
    colour: "red",
    size: "s",
  });
  const forgetful = object<Thing, "name">({
    name: text,
    // @ts-expect-error A later key without an answer for older data does not compile.
    colour: text,
    size: maybe(text),
  });
  // @ts-expect-error Nor does a key that nobody reads, even an optional one.
  const blind = object<Thing, "name">({ name: text, colour: or(text, "grey") });
  assert.throws(() => forgetful({ name: "a" }, ""), /^Error: colour: should be text, got nothing$/);
  assert.deepEqual(blind({ name: "a", size: "s" }, ""), { name: "a", colour: "grey" });
});

test("a damaged event leaves a note in its place", () => {
  const place = { job: 7, offset: 2, at: 5 };
  assert.deepEqual(readStoredEvent('{"kind":"ready","replica":1,"ms":3}', place), {
    kind: "ready",
    replica: 1,
    ms: 3,
    offset: 2,
    at: 5,
  });
  for (const [json, what] of [
    ["", "it is empty"],
    ['{"kind":"step"}', "text: should be text, got nothing"],
    ['{"kind":', "it is no JSON or cut off"],
  ] as const)
    assert.deepEqual(readStoredEvent(json, place), {
      kind: "note",
      text: `state: event 2 of job 7: damaged: ${what}`,
      offset: 2,
      at: 5,
    });
});
