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
# mypaas.init = false
# mypaas.shm = 1.5g
# mypaas.ulimit = nofile=1024:unlimited
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
    "               1536m of /dev/shm",
    "               ulimit nofile=1024:unlimited",
    "  init         the image's own program is process 1",
    "  release      ./migrate now",
    "  target       build",
    "  build args   C",
  ]);
});

test("what is said of a scale speaks of waiting requests only where there are routes", () => {
  const said = (lines: string) => {
    const { spec } = parseDockerfile(Buffer.from(`# mypaas.service = web\n${lines}\nFROM a`), "a");
    return spec && describeSpec(spec).find((line) => line.startsWith("  scale"));
  };
  assert.equal(said(""), "  scale        1 container, the old one stops first");
  assert.equal(
    said("# mypaas.scale = 2 safe"),
    "  scale        2 containers, all old ones stop first",
  );
  assert.equal(
    said("# mypaas.domain = a.test"),
    "  scale        1 container, the old one stops first, requests wait",
  );
});
