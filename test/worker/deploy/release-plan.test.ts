import assert from "node:assert/strict";
import { test } from "node:test";
import type { ServiceSpec } from "../../../src/core/release/spec.ts";
import { planRelease, runsTheSame } from "../../../src/worker/deploy/release-plan.ts";
import { release } from "../../support/releases.ts";

const plan = (
  more: Partial<ServiceSpec> = {},
  exposed: readonly number[] = [],
  env: Record<string, string> = {},
) =>
  planRelease({
    instance: "mypaas",
    number: 7,
    spec: release("web", 1, { spec: more }).spec,
    image: "mypaas/web:r7",
    facts: { exposed, hasHealthcheck: false, hasLauncher: false, user: "" },
    env,
    homes: new Map([["data", "/home/ann/data"]]),
    adopted: new Map(),
    secretFiles: {},
    secretsDir: "/secrets",
  });
const routes = [{ host: "a.example.com", path: "", https: false }];

const ports: readonly (readonly [
  string,
  Partial<ServiceSpec>,
  readonly number[],
  number | undefined,
])[] = [
  ["the key wins", { port: 3000, routes }, [8080], 3000],
  ["the only EXPOSE", { routes }, [8080], 8080],
  ["two EXPOSE with a route", { routes }, [80, 443], 80],
  ["nothing with a route", { routes }, [], 80],
  ["nothing at all is a worker process", {}, [], undefined],
  ["the only EXPOSE without a route", {}, [5432], 5432],
];

for (const [title, spec, exposed, port] of ports) {
  test(`port: ${title}`, () => assert.equal(plan(spec, exposed).port, port));
}

test("environment: the server's values win over the Dockerfile's, ours over both, PORT is free to set", () => {
  const env = [
    { name: "A", value: "file" },
    { name: "B", value: "file" },
    { name: "PORT", value: "9" },
    { name: "S", value: undefined },
  ];
  assert.deepEqual(
    plan({ port: 3000, env, scale: { kind: "roll", replicas: 2 } }, [], {
      B: "server",
      S: "x",
      MYPAAS_SERVICE: "fake",
    }).env,
    {
      A: "file",
      B: "server",
      S: "x",
      PORT: "9",
      MYPAAS_PORT: "3000",
      MYPAAS_SERVICE: "web",
      MYPAAS_RELEASE: "7",
      MYPAAS_SCALE: "2",
    },
  );
  assert.deepEqual(plan({ scale: { kind: "replace" } }).env, {
    MYPAAS_SERVICE: "web",
    MYPAAS_RELEASE: "7",
    MYPAAS_SCALE: "0",
  });
});

test("mounts: named volumes carry our name, home folders their path", () => {
  const volumes = [
    { kind: "named", source: "db", target: "/db", readOnly: false },
    { kind: "home", source: "data", target: "/data", readOnly: true },
    { kind: "absolute", source: "/srv/x", target: "/x", readOnly: false },
  ] as const;
  assert.deepEqual(plan({ volumes }).mounts, [
    { type: "volume", source: "mypaas-web-db", target: "/db", readOnly: false },
    { type: "bind", source: "/home/ann/data", target: "/data", readOnly: true },
    { type: "bind", source: "/srv/x", target: "/x", readOnly: false },
  ]);
});

test("two releases run the same way whatever their numbers, until anything else differs", () => {
  const one = plan({ port: 3000 }, [], { B: "1", A: "2" });
  assert.equal(
    runsTheSame(one, { ...plan({ port: 3000 }, [], { A: "2", B: "1" }), number: 9, image: "x" }),
    true,
  );
  assert.equal(runsTheSame(one, plan({ port: 3000 }, [], { A: "2", B: "0" })), false);
  assert.equal(runsTheSame(one, plan({ port: 3001 }, [], { A: "2", B: "1" })), false);
});
