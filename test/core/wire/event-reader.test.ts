import assert from "node:assert/strict";
import { test } from "node:test";
import type { LoggedEvent } from "../../../src/core/wire/events.ts";
import { readLoggedEvent } from "../../../src/core/wire/event-reader.ts";
import { isDone, isLast, isOutcome } from "../../../src/core/wire/event-roles.ts";

test("a line becomes an event with safe texts and nothing that was not asked for", () => {
  const line = (event: object) => JSON.stringify({ offset: 3, at: 5, ...event });
  const cases: readonly [line: string, expected: object | undefined][] = [
    [
      line({ kind: "step", text: "a\u001b[2Jb", x: 1 }),
      { kind: "step", text: "ab", offset: 3, at: 5 },
    ],
    [
      line({ kind: "failed", message: "m\u0007", details: ["\u001b]0;x\u0007d"], still: "s" }),
      { kind: "failed", message: "m", details: ["d"], still: "s", offset: 3, at: 5 },
    ],
    [
      line({ kind: "live", service: "w", release: 1, urls: ["u"], ms: 2 }),
      { kind: "live", service: "w", release: 1, urls: ["u"], ms: 2, offset: 3, at: 5 },
    ],
    [
      line({ kind: "receipt", service: "w", release: 1, ms: 2, requests: 3, failed: 0, x: 1 }),
      {
        kind: "receipt",
        service: "w",
        release: 1,
        ms: 2,
        requests: 3,
        failed: 0,
        offset: 3,
        at: 5,
      },
    ],
    [
      line({ kind: "finished", action: "backup", text: "3 volumes\u0007", x: 1 }),
      { kind: "finished", action: "backup", text: "3 volumes", offset: 3, at: 5 },
    ],
    [line({ kind: "step", text: "x", at: "never" }), { kind: "step", text: "x", offset: 3, at: 0 }],
  ];
  for (const [text, event] of cases) assert.deepEqual(readLoggedEvent(text), { offset: 3, event });
});

test("unknown kinds keep their place in the log, broken lines have none", () => {
  for (const event of [
    { kind: "later" },
    { kind: "step" },
    { kind: "live", urls: "x" },
    { kind: "toString" },
    {},
  ])
    assert.deepEqual(readLoggedEvent(JSON.stringify({ offset: 1, ...event })), {
      offset: 1,
      event: undefined,
    });
  for (const text of [
    "",
    "{",
    "null",
    "[]",
    '"x"',
    "{}",
    '{"offset":-1}',
    '{"offset":1.5}',
    '{"offset":"1"}',
  ])
    assert.equal(readLoggedEvent(text), undefined, text);
});

test("every outcome but live is the last event of its job, and after live there is its receipt", () => {
  const done = ["live", "unchanged", "stopped", "removed", "finished"];
  const outcomes = [...done, "failed", "superseded"];
  const last = ["receipt", ...outcomes.filter((kind) => kind !== "live")];
  for (const kind of [...outcomes, "receipt", "step", "ready", "queued"]) {
    const event = { kind } as LoggedEvent;
    assert.equal(isDone(event), done.includes(kind), kind);
    assert.equal(isOutcome(event), outcomes.includes(kind), kind);
    assert.equal(isLast(event), last.includes(kind), kind);
  }
});
