import assert from "node:assert/strict";
import { test } from "node:test";
import { answering, unreachable } from "../../../../src/adapters/engines/docker/client.ts";

const socket = "/run/docker.sock";
const cases = [
  [
    "EACCES",
    [],
    `docker: no permission to use ${socket}`,
    "run the same command as root, with sudo",
  ],
  [
    "ENOENT",
    [],
    `docker: not installed, ${socket} does not exist`,
    "install Docker Engine, on Debian and Ubuntu: apt-get install docker.io",
  ],
  [
    "ENOENT",
    ["/"],
    `docker: not running, no answer on ${socket}`,
    "start it: systemctl start docker",
  ],
  [
    "ECONNREFUSED",
    ["/"],
    `docker: not running, no answer on ${socket}`,
    "start it: systemctl start docker",
  ],
] as const;

test("an engine nobody can talk to is missing, stopped or closed to us", () => {
  for (const [code, binaries, message, hint] of cases) {
    const thrown = Object.assign(new Error("connect"), {
      code,
      syscall: "connect",
      address: socket,
    });
    const error = unreachable(thrown, socket, binaries);
    assert.deepEqual([error?.message, error?.hint], [message, hint]);
  }
  assert.equal(unreachable(new Error("other"), socket), undefined);
});

test("an engine that never answers ends the call with a sentence, and one that answers in time does not", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  assert.equal(await answering(Promise.resolve(1)), 1);
  const silent = answering(new Promise<never>(() => undefined), 10_000);
  t.mock.timers.tick(70_000);
  await assert.rejects(silent, {
    name: "UserError",
    code: "docker-silent",
    message: "docker: gave no answer within 70 s",
    hint: "read Docker's log on the server: journalctl -u docker",
  });
});
