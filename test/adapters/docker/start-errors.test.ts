import assert from "node:assert/strict";
import { test } from "node:test";
import { initError, initFailure, startError } from "../../../src/adapters/docker/start-errors.ts";

const disk = "see what Docker uses on the server: docker system df";
const port = 'see who has it on the server: ss -lntup "sport = :80"';
const cases: readonly (readonly [string, string, string?])[] = [
  [
    "driver failed programming: Bind for 127.0.0.1:80 failed: port is already allocated",
    "port 127.0.0.1:80 is already in use",
    port,
  ],
  [
    "Error starting userland proxy: listen tcp4 0.0.0.0:80: bind: address already in use",
    "port 0.0.0.0:80 is already in use",
    port,
  ],
  [
    "listen tcp4 10.9.9.9:80: bind: cannot assign requested address",
    "10.9.9.9 is no address of this server",
    "list its addresses: ip -brief address",
  ],
  ["No command specified", "the image has no command", "add CMD or ENTRYPOINT to the Dockerfile"],
  [
    "standard_init_linux.go: exec user process caused: exec format error",
    "exec format error: the image is for another processor",
  ],
  [
    'OCI runtime create failed: exec: "nope": executable file not found in $PATH: unknown',
    "cannot run nope: executable file not found in $PATH",
    "check CMD and ENTRYPOINT in the Dockerfile",
  ],
  [
    'invalid mount config for type "bind": bind source path does not exist: /a',
    "volume source /a does not exist",
    "create it on the server: mkdir -p /a",
  ],
  ["No such image: x/y:r1", "image x/y:r1 is gone"],
  ["network mypaas not found", "network mypaas is gone", "repair it on the server: mypaas init"],
  ["Minimum memory limit allowed is 6MB", "mypaas.maxmem is below the engine's minimum of 6MB"],
  [
    "Range of CPUs is from 0.01 to 2.00, as there are only 2",
    "mypaas.maxcpu has to be from 0.01 to 2.00 on this server",
  ],
  ["mkdir /var/lib/docker/x: no space left on device", "no space left on the server's disk", disk],
  ["something new", "something new"],
];

test("why a container was not started is one sentence", async (t) => {
  for (const [reason, text, hint] of cases) {
    await t.test(text, () => {
      const message = `(HTTP code 500) server error - ${reason} `;
      const error = startError("web-r1-1", Object.assign(new Error(message), { statusCode: 500 }));
      assert.deepEqual([error?.message, error?.hint], [`container web-r1-1: ${text}`, hint]);
    });
  }
  assert.equal(startError("web", new Error("socket hang up")), undefined);
});

test("the init process says in the log what could not run", () => {
  const line = "[FATAL tini (7)] exec /app failed: No such file or directory";
  const failure = initFailure(["other", line]);
  assert.deepEqual(failure, { program: "/app", reason: "No such file or directory" });
  assert.equal(initError(failure, false), "cannot run /app: no such file or directory");
  assert.equal(
    initError(failure, true),
    "cannot run /app: exec format error, or its loader or interpreter is missing",
  );
  assert.equal(initFailure(["exit"]), undefined);
});
