import assert from "node:assert/strict";
import { test } from "node:test";
import { describeSpec } from "../../../src/core/dockerfile/keys/table.ts";
import { parseDockerfile } from "../../../src/core/dockerfile/parse.ts";

const dockerfile = `# mypaas.service = web
# mypaas.domain = auto/x
# mypaas.domain = *.a.test
# mypaas.https = true
# mypaas.port = 99
# mypaas.scale = 1
# mypaas.volume = a:/b:ro
# mypaas.volume = ~/c:/d
# mypaas.env = A=secret
# mypaas.env = B
# mypaas.publish = [::1]:1:2/udp
# mypaas.healthcheck = /up 3s
# mypaas.drain-timeout = 2m
# mypaas.maxcpu = 0.5
# mypaas.maxmem = 100m
# mypaas.release = ./migrate now
# mypaas.target = build
# mypaas.build-arg = C=secret
FROM a AS build
`;

test("every setting is described: lists line by line, timeouts on one line, no values of variables", () => {
  const { spec } = parseDockerfile(Buffer.from(dockerfile), "Dockerfile");
  assert.ok(spec);
  assert.deepEqual(describeSpec(spec), [
    "  service      web",
    "  routes       auto/x (web.<server domain>)",
    "               https://*.a.test",
    "  port         99",
    "  scale        1 container, the new ones start first",
    "  volumes      a → /b (read-only)",
    "               ~/c → /d",
    "  env          A",
    "               B (set on the server)",
    "  publish      [::1]:1 → 2/udp",
    "  healthcheck  /up every 3s, at most 3s",
    "  timeouts     start 1m, drain 2m, stop 10s",
    "  limits       0.5 cpu",
    "               100 MiB",
    "  release      ./migrate now",
    "  target       build",
    "  build args   C",
  ]);
});
