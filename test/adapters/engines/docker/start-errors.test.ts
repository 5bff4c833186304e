import assert from "node:assert/strict";
import { test } from "node:test";
import {
  initError,
  initFailure,
  runtimeFailure,
  startError,
} from "../../../../src/adapters/engines/docker/start-errors.ts";

const disk = "see what Docker uses on the server: docker system df";
const port = 'find the program that uses it, on the server: ss -lntup "sport = :80"';
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
    'error during container init: error mounting "/var/lib/mypaas/secrets/web/0f-all" to rootfs at "/etc": mount /var/lib/mypaas/secrets/web/0f-all:/etc (via /proc/self/fd/6), flags: 0x5001: not a directory: unknown',
    "mypaas.secret: no file can be put at /etc: not a directory",
    "name another path, such as /run/secrets/NAME",
  ],
  [
    'invalid mount config for type "bind": bind source path does not exist: /a',
    "volume source /a does not exist",
    "create it on the server: mkdir -p /a",
  ],
  ["No such image: x/y:r1", "image x/y:r1 is gone"],
  ["network mypaas not found", "network mypaas is gone", "repair it on the server: mypaas init"],
  ["Minimum memory limit allowed is 6MB", "mypaas.maxmem is below Docker's minimum of 6MB"],
  [
    "Range of CPUs is from 0.01 to 2.00, as there are only 2",
    "mypaas.maxcpu has to be from 0.01 to 2.00 on this server",
  ],
  ["mkdir /var/lib/docker/x: no space left on device", "no space left on the server's disk", disk],
  [
    "runc create failed: error during container init: error setting rlimits for ready process: error setting rlimit type 7: operation not permitted: unknown",
    "mypaas.ulimit: nofile is above what this server allows",
    "lower it, or raise the limit of Docker's own service on the server",
  ],
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
  assert.equal(initFailure(["exit"]), undefined);
});

const runtime: readonly (readonly [lines: readonly string[], said: string | undefined])[] = [
  [["exec /bad: no such file or directory"], "/bad No such file or directory"],
  [["exec /other: exec format error"], "/other Exec format error"],
  [
    ["standard_init_linux.go:228: exec user process caused: no such file or directory"],
    "/own No such file or directory",
  ],
  [
    ['standard_init_linux.go:211: exec user process caused "permission denied"'],
    "/own Permission denied",
  ],
  [["exec /bad: no such file or directory", "and more of an app"], undefined],
  [["exec: something else"], undefined],
  [[], undefined],
];

for (const [lines, said] of runtime)
  test(`without an init process the runtime ${said === undefined ? "does not say" : "says"} what could not run: ${lines.join()}`, () => {
    const failure = runtimeFailure(lines, "/own");
    assert.equal(failure && `${failure.program} ${failure.reason}`, said);
  });

const elf = (machine: number, bigEndian = false): Buffer => {
  const bytes = Buffer.alloc(64);
  bytes.write("\x7fELF\x02", "latin1");
  bytes.writeUInt8(bigEndian ? 2 : 1, 5);
  if (bigEndian) bytes.writeUInt16BE(machine, 18);
  else bytes.writeUInt16LE(machine, 18);
  return bytes;
};

const programs: readonly (readonly [string, string, Buffer | undefined, string])[] = [
  ["/app", "No such file or directory", undefined, "no such file or directory"],
  ["/app", "Permission denied", elf(62), "permission denied"],
  ["/bin/sh", "No such file or directory", undefined, "the image has no shell"],
  [
    "/app",
    "No such file or directory",
    elf(183),
    "exec format error: it is built for aarch64, this server is x86_64",
  ],
  [
    "/app",
    "Exec format error",
    elf(22, true),
    "exec format error: it is built for s390x, this server is x86_64",
  ],
  [
    "/app",
    "Exec format error",
    elf(99),
    "exec format error: it is built for processor 99, this server is x86_64",
  ],
  [
    "/start",
    "No such file or directory",
    Buffer.from("#! /bin/bash -e\necho hi\n"),
    "the image has no /bin/bash, which it needs",
  ],
  [
    "/start",
    "No such file or directory",
    Buffer.from("#!/bin/sh\r\necho hi\r\n"),
    "its first line ends with a carriage return, as files from Windows do",
  ],
  [
    "/start",
    "No such file or directory",
    Buffer.from("echo hi\n"),
    "exec format error: it is neither a program nor a script that begins with #!",
  ],
];

for (const [program, reason, head, why] of programs)
  test(`a program that did not run is looked at: ${program} ${why}`, () => {
    const said = initError({ program, reason }, head, "x86_64");
    assert.equal(said, `cannot run ${program}: ${why}`);
  });
