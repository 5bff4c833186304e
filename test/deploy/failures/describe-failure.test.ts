import assert from "node:assert/strict";
import { test } from "node:test";
import type { ServiceSpec } from "../../../src/core/release/spec.ts";
import { describeFailure } from "../../../src/deploy/failures/describe-failure.ts";
import type { ReplicaFailure } from "../../../src/deploy/failures/replica-failure.ts";
import { release } from "../../support/releases.ts";

const late = (more: Partial<Extract<ReplicaFailure, { kind: "late" }>>): ReplicaFailure => ({
  kind: "late",
  afterMs: 60_000,
  answer: { kind: "refused" },
  health: undefined,
  healthOutput: undefined,
  listening: [],
  ...more,
});
const ended = { kind: "ended", exitCode: 1, oomKilled: false, afterMs: 4_000 } as const;
const checked = { healthcheck: { path: "/up", intervalMs: 1_000, timeoutMs: 5_000 } };
const raise =
  "set # mypaas.healthcheck to a path that answers 2xx or 3xx, or raise # mypaas.start-timeout";

interface Case {
  readonly failure: ReplicaFailure;
  readonly spec?: Partial<ServiceSpec>;
  readonly replica?: number;
  readonly lastLines?: readonly string[];
  readonly message: string;
  readonly hint?: string;
}

const cases: readonly Case[] = [
  {
    failure: { ...ended, exitCode: 100, program: ["/init"] },
    lastLines: ["/init: fatal: can only run as pid 1"],
    message: "deploy web: container stopped with exit code 100, 4 s after start",
    hint: "set # mypaas.init = false: then the image's own program is process 1",
  },
  {
    failure: { ...ended, program: ["/sbin/init"] },
    message: "deploy web: container stopped with exit code 1, 4 s after start",
    hint: "if /sbin/init has to be process 1, set # mypaas.init = false",
  },
  {
    failure: { ...ended, program: ["/sbin/init"] },
    spec: { init: false },
    lastLines: ["can only run as pid 1"],
    message: "deploy web: container stopped with exit code 1, 4 s after start",
  },
  {
    failure: { ...ended, exitCode: 0, program: ["/usr/bin/node"] },
    message: "deploy web: container stopped with exit code 0, 4 s after start",
    hint: "let CMD run in the foreground: a container ends with it",
  },
  {
    failure: ended,
    message: "deploy web: container stopped with exit code 1, 4 s after start",
  },
  {
    failure: { ...ended, exitCode: 137, oomKilled: true },
    spec: { maxMemoryBytes: 256 * 1024 * 1024 },
    message:
      "deploy web: container was killed for using more than mypaas.maxmem = 256m, 4 s after start",
    hint: "raise # mypaas.maxmem",
  },
  {
    failure: { ...ended, exitCode: 137, oomKilled: true },
    message:
      "deploy web: container was killed because the server ran out of memory, 4 s after start",
  },
  {
    failure: ended,
    lastLines: ["standard_init_linux.go: exec user process caused: exec format error"],
    message:
      "deploy web: container could not start: standard_init_linux.go: exec user process caused: exec format error",
    hint: "build for this server's processor, from a base image that its program fits",
  },
  {
    failure: { kind: "not-started", error: "cannot run /app: permission denied" },
    message: "deploy web: container could not start: cannot run /app: permission denied",
    hint: "make it executable in the Dockerfile: COPY --chmod=755 …",
  },
  {
    failure: { kind: "not-started", error: "cannot run /bin/sh: the image has no shell" },
    message: "deploy web: container could not start: cannot run /bin/sh: the image has no shell",
    hint: 'write CMD and ENTRYPOINT as JSON arrays, such as: CMD ["node", "server.js"]',
  },
  {
    failure: {
      kind: "not-started",
      error: "cannot run app: the image has no /bin/bash, which it needs",
    },
    message:
      "deploy web: container could not start: cannot run app: the image has no /bin/bash, which it needs",
    hint: "take a base image that has it, or add it with COPY",
  },
  {
    failure: {
      kind: "not-started",
      error:
        "cannot run /start: its first line ends with a carriage return, as files from Windows do",
    },
    message:
      "deploy web: container could not start: cannot run /start: its first line ends with a carriage return, as files from Windows do",
    hint: "save the file with Unix line ends",
  },
  {
    failure: { kind: "not-started", error: "cannot run nope: no such file or directory" },
    message: "deploy web: container could not start: cannot run nope: no such file or directory",
    hint: "check CMD and ENTRYPOINT in the Dockerfile",
  },
  {
    failure: { kind: "not-started", error: "device or resource busy" },
    message: "deploy web: container could not start: device or resource busy",
  },
  {
    failure: { ...ended, exitCode: 0 },
    message: "deploy web: container stopped with exit code 0, 4 s after start",
    hint: "let CMD run in the foreground: a container ends with it",
  },
  {
    failure: { ...ended, exitCode: 139 },
    message: "deploy web: container stopped with exit code 139 (SIGSEGV), 4 s after start",
  },
  {
    failure: { kind: "restarted" },
    message: "deploy web: container stopped just after it had taken over, and was started again",
  },
  {
    failure: { kind: "removed" },
    message: "deploy web: container was removed by someone else while it started",
  },
  {
    failure: late({}),
    spec: { scale: { kind: "roll", replicas: 3 } },
    replica: 2,
    message: "deploy web.2: nothing listens on port 3000 after 1 min",
    hint: "set # mypaas.port to the port it listens on, or raise # mypaas.start-timeout",
  },
  {
    failure: late({ listening: [{ address: "127.0.0.1", port: 3000 }] }),
    message:
      "deploy web: listens on 127.0.0.1:3000 only, which nothing outside its container reaches",
    hint: "listen on 0.0.0.0:3000",
  },
  {
    failure: late({ listening: [{ address: "::1", port: 3000 }] }),
    message: "deploy web: listens on [::1]:3000 only, which nothing outside its container reaches",
    hint: "listen on 0.0.0.0:3000",
  },
  {
    failure: late({
      listening: [
        { address: "127.0.0.1", port: 9229 },
        { address: "::", port: 8080 },
      ],
    }),
    message: "deploy web: listens on port 8080, not on port 3000",
    hint: "set # mypaas.port = 8080, or listen on the port in $PORT",
  },
  {
    failure: late({ listening: [{ address: "127.0.0.1", port: 8080 }] }),
    message: "deploy web: listens on 127.0.0.1:8080 only, not on port 3000",
    hint: "listen on 0.0.0.0:3000",
  },
  {
    failure: late({ answer: { kind: "status", status: 503 } }),
    spec: checked,
    message: "deploy web: /up still answers 503 after 1 min",
    hint: raise,
  },
  {
    failure: late({ answer: { kind: "slow" } }),
    spec: checked,
    message: "deploy web: /up gives no answer within 5 s after 1 min",
    hint: raise,
  },
  {
    failure: late({ answer: { kind: "unreachable", reason: "ECONNRESET" } }),
    spec: checked,
    message: "deploy web: /up is cut off (ECONNRESET) after 1 min",
    hint: raise,
  },
  {
    failure: late({ answer: { kind: "not-h2c" } }),
    message: "deploy web: port 3000 does not speak HTTP/2 without TLS (h2c) after 1 min",
    hint: "remove # mypaas.protocol = h2c, or let the service speak it",
  },
  {
    failure: late({ answer: { kind: "grpc-status", status: "NOT_SERVING" } }),
    spec: checked,
    message: "deploy web: /up still answers NOT_SERVING after 1 min",
    hint: raise,
  },
  {
    failure: late({ answer: { kind: "slow" } }),
    message: "deploy web: port 3000 takes no connection after 1 min",
  },
  {
    failure: late({ answer: { kind: "ready" }, health: "starting" }),
    message: "deploy web: the image's HEALTHCHECK has no result after 1 min",
    hint: "shorten its --interval in the Dockerfile, or raise # mypaas.start-timeout",
  },
  {
    failure: late({
      answer: { kind: "ready" },
      health: "unhealthy",
      healthOutput: "queue is full",
    }),
    message: "deploy web: the image's HEALTHCHECK says unhealthy after 1 min: queue is full",
    hint: "correct HEALTHCHECK in the Dockerfile, or give it a longer --start-period",
  },
  {
    failure: late({ health: "unhealthy", healthOutput: "exit code 7", afterMs: 3_000 }),
    message: "deploy web: the image's HEALTHCHECK says unhealthy after 3 s: exit code 7",
    hint: "correct HEALTHCHECK in the Dockerfile, or give it a longer --start-period",
  },
  {
    failure: late({
      answer: { kind: "ready" },
      health: "starting",
      healthOutput:
        'OCI runtime exec failed: exec failed: exec: "/bin/sh": stat /bin/sh: no such file or directory: unknown',
    }),
    message: "deploy web: the image's HEALTHCHECK cannot run /bin/sh: the image has no shell",
    hint: 'write it as a JSON array, such as: HEALTHCHECK CMD ["node", "check.js"]',
  },
  {
    failure: late({ answer: { kind: "ready" }, health: "starting", healthOutput: "" }),
    message: "deploy web: the image's HEALTHCHECK says starting after 1 min",
    hint: "correct HEALTHCHECK in the Dockerfile, or raise # mypaas.start-timeout",
  },
  {
    failure: late({ answer: { kind: "slow" } }),
    spec: { healthcheck: { ...checked.healthcheck, timeoutMs: 60_000 } },
    message: "deploy web: /up gives no answer after 1 min",
    hint: raise,
  },
];

for (const { message, hint, failure, spec = {}, replica = 1, lastLines = [] } of cases) {
  test(message, () => {
    const web = release("web", 2, { spec: { scale: { kind: "replace" }, ...spec } });
    const said = describeFailure(web, {
      replica: { process: "web", replica },
      failure,
      lastLines,
    });
    assert.deepEqual(said, hint === undefined ? { message } : { message, hint });
  });
}
