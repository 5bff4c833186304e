import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { test } from "node:test";
import { realWorld } from "../../bin/world.ts";

test("a reader that leaves early interrupts the command as Ctrl-C would, any other error is a bug", () => {
  const stdout = Object.assign(new EventEmitter(), { write: () => true });
  const from = Object.assign(new EventEmitter(), {
    argv: ["node", "mypaas"],
    env: {},
    cwd: () => "/",
    versions: process.versions,
    stdout,
    stderr: stdout,
  });
  const world = realWorld(from as unknown as NodeJS.Process);
  world.stdout.write("one");
  assert.equal(world.interrupted.aborted, false);
  assert.throws(() => stdout.emit("error", Object.assign(new Error("no"), { code: "ENOSPC" })));
  assert.equal(world.interrupted.aborted, false);
  stdout.emit("error", Object.assign(new Error("closed"), { code: "EPIPE" }));
  assert.equal(world.interrupted.aborted, true);
});
