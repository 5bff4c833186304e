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

const longestMs = 120_000;
let last = Date.now();
const passed = (): void => {
  last = Date.now();
};
// Something that a test left open keeps this process alive.
setInterval(() => {
  if (Date.now() - last < longestMs + 30_000) return;
  console.log("error: no test has ended for a while; one of them leaves something open");
  process.exit(1);
}, 5_000).unref();

run({
  cwd: dirname(import.meta.dirname),
  globPatterns: ["test/*.test.ts", "test/!(e2e)/**/*.test.ts"],
  isolation: "none",
  // On a loaded machine a test waits for its turn.
  timeout: longestMs,
  shard: { index, total },
})
  .on("test:pass", passed)
  .on("test:fail", () => {
    passed();
    process.exitCode = 1;
  })
  .on("test:summary", ({ counts }) => {
    if (counts.tests === 0) process.exitCode = 1;
  })
  .compose(reporter)
  .pipe(process.stdout);
