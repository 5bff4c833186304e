import assert from "node:assert/strict";
import { test } from "node:test";
import { differences, readSnapshot } from "../../../src/core/routing/traefik-snapshot.ts";

const nothing = { routers: [], gone: [], servers: {} };
const router = { rule: "PathPrefix(`/`)", priority: 1, service: "nobody", status: "enabled" };
const down = 'the service "web-r42@docker" does not exist';
const file = {
  http: {
    routers: { a: { entryPoints: ["web"], rule: router.rule, priority: 1, service: "nobody" } },
    middlewares: {},
    services: {},
  },
} as const;

for (const [title, rawdata, expected] of [
  ["an equal file", { routers: { "a@file": router } }, []],
  ["no router", {}, ["router a@file is not there"]],
  [
    "another priority",
    { routers: { "a@file": { ...router, priority: 2 } } },
    ["router a@file is still the old one"],
  ],
  [
    "another service",
    { routers: { "a@file": { ...router, service: "b@docker" } } },
    ["router a@file is still the old one"],
  ],
  [
    "a router of an older file",
    { routers: { "a@file": router, "b@file": router, "c@docker": router } },
    ["router b@file is still there"],
  ],
  [
    "a disabled router",
    { routers: { "a@file": { ...router, status: "disabled", error: ["no x", "no y"] } } },
    ["router a@file is disabled: no x; no y"],
  ],
  [
    "a file that leads to a release whose containers are down",
    { routers: { "a@file": { ...router, status: "disabled", error: [down] } } },
    [],
  ],
  [
    "a file with a second error beside that",
    { routers: { "a@file": { ...router, status: "disabled", error: [down, "no x"] } } },
    [`router a@file is disabled: ${down}; no x`],
  ],
] as const)
  test(`${title} differs in ${expected.length} points`, () => {
    assert.deepEqual(differences(readSnapshot(rawdata), nothing, file), expected);
  });

test("the servers are right when exactly the expected number is listed and up", () => {
  const seen = readSnapshot({
    services: { "w@docker": { serverStatus: { "http://1": "UP", "http://2": "DOWN" } } },
  });
  const ask = (count: number) =>
    differences(seen, { ...nothing, servers: { "w@docker": count } }, undefined);
  assert.deepEqual(ask(2), ["service w@docker lists 2 servers and 1 of them up instead of 2"]);
  assert.deepEqual(ask(1), ["service w@docker lists 2 servers and 1 of them up instead of 1"]);
});

for (const rawdata of [
  undefined,
  null,
  1,
  "x",
  [],
  { routers: 1, services: [1] },
  { routers: { a: null } },
])
  test(`${JSON.stringify(rawdata)} from the API is read as empty`, () => {
    const wanted = { ...nothing, routers: ["b@file"] };
    assert.deepEqual(differences(readSnapshot(rawdata), wanted, undefined), [
      "router b@file is not there",
    ]);
  });
