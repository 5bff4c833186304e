import assert from "node:assert/strict";
import { test } from "node:test";
import { renderEvent } from "../../../src/core/wire/event-text.ts";
import { humanSay } from "../../../src/cli/output/say.ts";
import { themeOf } from "../../../src/cli/output/theme.ts";
import type { Event } from "../../../src/core/wire/events.ts";
import { fakeWorld } from "../../support/world.ts";

const cases: readonly [Event, string][] = [
  [{ kind: "step", text: "building image …" }, "building image …"],
  [
    { kind: "warning", text: "a .env travels", hint: "add it to .dockerignore" },
    "warning: a .env travels\nhint: add it to .dockerignore",
  ],
  [
    { kind: "upload", files: 1, totalFiles: 4, bytes: 500, totalBytes: 2000, rate: 1000 },
    "uploading 1 of 4 files: 500 B of 2 kB (25 %, 1 kB/s)",
  ],
  [
    { kind: "upload", files: 0, totalFiles: 0, bytes: 0, totalBytes: 0, rate: 0 },
    "uploading 0 files: 0 B of 0 B (100 %)",
  ],
  [{ kind: "queued", job: 7, behind: 0 }, "job 7"],
  [{ kind: "queued", job: 7, behind: 2 }, "job 7: waiting for 2 jobs before it"],
  [{ kind: "queued", job: 7, behind: 1 }, "job 7: waiting for the job before it"],
  [{ kind: "attached", job: 7 }, "job 7 is already running, following it"],
  [{ kind: "ready", replica: 2, ms: 1849 }, "replica 2 ready after 1.8 s"],
  [
    {
      kind: "live",
      service: "web",
      release: 43,
      urls: ["https://a.example", "https://b.example"],
      ms: 1400,
    },
    "web release 43 is live after 1.4 s\nlive at https://a.example\nlive at https://b.example",
  ],
  [
    {
      kind: "live",
      service: "web",
      release: 43,
      urls: ["https://a.example", "https://b.example"],
      unproven: ["https://b.example"],
      ms: 1400,
    },
    "web release 43 is live after 1.4 s\nlive at https://a.example\nport open at https://b.example",
  ],
  [
    { kind: "receipt", service: "web", release: 43, ms: 1400, requests: 412, failed: 0 },
    "switched in 1.4 s: 412 requests, 0 failed",
  ],
  [
    { kind: "receipt", service: "web", release: 43, ms: 950, requests: 1, failed: 1 },
    "switched in 950 ms: 1 request, 1 failed",
  ],
  [
    { kind: "receipt", service: "web", release: 43, ms: 1400 },
    "switched in 1.4 s, requests not counted",
  ],
  [
    { kind: "unchanged", service: "web", release: 43 },
    "nothing changed: web runs release 43 with exactly this",
  ],
  [
    {
      kind: "failed",
      message: "deploy web: container stopped with exit code 1, 4 s after start",
      details: ["Error: no DATABASE_URL"],
      still: "web still runs release 41",
    },
    "error: deploy web: container stopped with exit code 1, 4 s after start\n  Error: no DATABASE_URL\nweb still runs release 41",
  ],
  [{ kind: "superseded", job: 7, by: 8 }, "job 7: superseded by job 8, which has newer content"],
];

for (const [event, text] of cases)
  test(`${event.kind} reads: ${text.split("\n")[0]}`, () => {
    assert.equal(renderEvent(event, themeOf(fakeWorld())), text);
  });

test("colour appears on a terminal only, and NO_COLOR turns it off", () => {
  const failed: Event = { kind: "superseded", job: 1, by: 2 };
  const terminal = { write: () => {}, isTTY: true, columns: 80 };
  const text = (env: Record<string, string>) =>
    renderEvent(failed, themeOf({ env, stdout: terminal, stderr: terminal }));
  assert.ok(text({}).startsWith("\u001b[31m"));
  assert.ok(!text({ NO_COLOR: "1" }).includes("\u001b"));
});

test("away from a terminal upload progress is thinned out, its end never", () => {
  let now = Date.UTC(2026, 10, 21);
  const world = fakeWorld({ now: () => now });
  const say = humanSay(world);
  for (let bytes = 0; bytes <= 100; bytes += 1, now += 100)
    say({
      kind: "upload",
      files: bytes === 100 ? 1 : 0,
      totalFiles: 1,
      bytes,
      totalBytes: 100,
      rate: 0,
    });
  const lines = world.err().trim().split("\n");
  assert.equal(lines.length, 2);
  assert.match(lines.at(-1) ?? "", /100 %/);
});

test("what a build has just printed is not printed again with its error", () => {
  const world = fakeWorld();
  const say = humanSay(world);
  const step = 'build web: step "RUN x" stopped with exit code 7';
  for (const text of ["[2/2] RUN x", "no such module", "giving up"]) say({ kind: "build", text });
  say({ kind: "failed", message: step, details: ["no such module", "giving up"] });
  say({ kind: "failed", message: "deploy web: container stopped", details: ["giving up", "else"] });
  assert.equal(
    world.err(),
    [
      "  [2/2] RUN x",
      "  no such module",
      "  giving up",
      `error: ${step}`,
      "error: deploy web: container stopped",
      "  giving up",
      "  else",
      "",
    ].join("\n"),
  );
});

test("an error never continues the line of a status that still stands there", () => {
  let text = "";
  const stderr = { write: (more: string) => void (text += more), isTTY: true, columns: 80 };
  const say = humanSay(fakeWorld({ stderr, env: { NO_COLOR: "1" } }));
  say({ kind: "upload", files: 0, totalFiles: 1, bytes: 1, totalBytes: 2, rate: 0 });
  say({ kind: "failed", message: "prod: the connection is lost", details: [] });
  assert.match(text, /50 %\)\nerror: prod: the connection is lost\n$/);
});
