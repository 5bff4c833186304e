import assert from "node:assert/strict";
import { test } from "node:test";
import { initHint, initIn, saysNotFirst } from "../../../src/core/server/first-process.ts";

const programs: readonly (readonly [words: readonly string[], found: string | undefined])[] = [
  [[], undefined],
  [["/init"], "/init"],
  [["/sbin/init", "--log-target=console"], "/sbin/init"],
  [["/lib/systemd/systemd"], "/lib/systemd/systemd"],
  [["s6-svscan", "/run/service"], "s6-svscan"],
  [["/usr/bin/tini", "--", "node", "server.js"], "/usr/bin/tini"],
  [["dumb-init", "node"], "dumb-init"],
  [["/bin/sh", "-c", "exec /init"], "/init"],
  [["sh", "-c", "  /sbin/my_init"], "/sbin/my_init"],
  [["/bin/sh", "-c", ""], undefined],
  [["/bin/sh", "-c"], undefined],
  [["/bin/sh", "/init"], undefined],
  [["node", "init.js"], undefined],
  [["npm", "init"], undefined],
  [["/app/initialise"], undefined],
];

for (const [words, found] of programs)
  test(`the init program in "${words.join(" ")}" is ${found ?? "none"}`, () =>
    assert.equal(initIn(words), found));

const logs: readonly (readonly [line: string, says: boolean])[] = [
  ["s6-overlay-suexec: fatal: can only run as pid 1", true],
  ["init: must be run as PID 1", true],
  ["runit: fatal: must be run as process no 1.", true],
  ["Error: this process must be PID1", true],
  ["my-init: not process 1, giving up", true],
  ["Couldn't find an alternative telinit implementation to spawn.", true],
  ["System has not been booted with systemd as init system (PID 1). Can't operate.", true],
  [
    "[WARN  tini (7)] Tini is not running as PID 1 and isn't registered as a child subreaper.",
    false,
  ],
  ["init only works as process number 1", true],
  ["listening, pid 17", false],
  ["worker process 1 died", false],
  ["started process 1 of 4", false],
  ["cannot reach process 1", false],
  ["could not signal worker pid 1", false],
  ["pid 12", false],
  ["process 15 ended", false],
  ["worker process id: 100", false],
  ["", false],
];

for (const [line, says] of logs)
  test(`"${line}" ${says ? "says" : "does not say"} that it has to be process 1`, () =>
    assert.equal(saysNotFirst([line]), says));

test("a container whose own program is process 1 already gets no hint to make it so", () => {
  assert.equal(initHint({ init: false }, ["/init"], ["can only run as pid 1"]), undefined);
  assert.equal(initHint({ init: true }, ["node"], ["cannot find the database"]), undefined);
});
