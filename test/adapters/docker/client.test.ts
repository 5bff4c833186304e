import assert from "node:assert/strict";
import { test } from "node:test";
import { unreachable } from "../../../src/adapters/docker/client.ts";

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
    `docker: not running, nobody answers on ${socket}`,
    "start it: systemctl start docker",
  ],
  [
    "ECONNREFUSED",
    ["/"],
    `docker: not running, nobody answers on ${socket}`,
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
