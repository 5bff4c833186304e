import assert from "node:assert/strict";
import { test } from "node:test";
import { renderChange, renderPause } from "../../../src/cli/output/render-changes.ts";
import type { Change } from "../../../src/core/release/change.ts";
import type { Pause } from "../../../src/core/release/switch-way.ts";

const lines: readonly [Change, string][] = [
  [
    { kind: "image", from: "mypaas/web:r1", to: "mypaas/web:r2" },
    "~ image mypaas/web:r1 → mypaas/web:r2",
  ],
  [{ kind: "image", to: "mypaas/web:r1" }, "+ image mypaas/web:r1"],
  [{ kind: "route", how: "added", route: "http://a.test" }, "+ route http://a.test"],
  [{ kind: "route", how: "removed", route: "http://a.test/x" }, "- route http://a.test/x"],
  [
    { kind: "route", how: "changed", from: "http://a.test", route: "https://a.test" },
    "~ route http://a.test → https://a.test",
  ],
  [{ kind: "certificate", host: "a.test" }, "+ certificate for a.test"],
  [{ kind: "env", how: "changed", name: "TOKEN" }, "~ env TOKEN"],
  [{ kind: "build-arg", how: "added", name: "A" }, "+ build-arg A"],
  [{ kind: "volume", how: "removed", value: "data:/data" }, "- volume data:/data"],
  [{ kind: "publish", how: "added", value: "127.0.0.1:53:53" }, "+ publish 127.0.0.1:53:53"],
  [{ kind: "setting", key: "scale", from: "1", to: "2" }, "~ scale 1 → 2"],
  [{ kind: "setting", key: "maxmem", from: "256m" }, "- maxmem 256m"],
  [{ kind: "setting", key: "target", to: "prod" }, "+ target prod"],
];

for (const [change, line] of lines)
  test(`a change reads: ${line}`, () => assert.equal(renderChange(change), line));

const wait: Pause = { kind: "wait", because: "scale = 0", drainMs: 3_000 };
const pauses: readonly [Pause, number | undefined, string][] = [
  [{ kind: "none" }, 4_000, "pause: none"],
  [wait, undefined, "pause: requests wait about 3 s because scale = 0"],
  [wait, 3_410, "pause: requests wait about 4 s because scale = 0"],
  [
    { kind: "stop", because: "scale = 0", drainMs: 0 },
    undefined,
    "pause: nothing runs for a moment because scale = 0",
  ],
];

for (const [pause, lastMs, line] of pauses)
  test(`a pause reads: ${line}`, () => assert.equal(renderPause(pause, lastMs), line));
