import { createHook, type AsyncHook } from "node:async_hooks";
import { dirname } from "node:path";
import { run } from "node:test";
import reporter from "./test-reporter.ts";

/** Runs a part of the unit tests in this process: `unit-tests.ts 1/2`. */
const [index = 1, total = 1] = (process.argv[2] ?? "").split("/").map(Number);

// The tests await a million promises. Node's test runner follows each, to name the test from which an error came that nobody caught; such an error
// fails the run without that too, and `node --test FILE` names the test.
const hooks = Object.getPrototypeOf(createHook({})) as AsyncHook;
hooks.enable = function (): AsyncHook {
  return this;
};

run({
  cwd: dirname(import.meta.dirname),
  globPatterns: ["test/*.test.ts", "test/!(e2e)/**/*.test.ts"],
  isolation: "none",
  timeout: 30_000,
  shard: { index, total },
})
  .on("test:fail", () => {
    process.exitCode = 1;
  })
  .on("test:summary", ({ counts }) => {
    if (counts.tests === 0) process.exitCode = 1;
  })
  .compose(reporter)
  .pipe(process.stdout);
