import assert from "node:assert/strict";
import { test } from "node:test";
import { findEndpoint, methodsAt, readAsked } from "../../../src/core/api/asked.ts";
import { replicaId, partsOf } from "../../../src/core/api/replica-id.ts";
import { longApiBase, readApiPath } from "../../../src/core/api/endpoint.ts";
import { endpoints } from "../../../src/core/api/endpoints.ts";
import { definitionOf } from "../../../src/core/actions/actions.ts";
import { UserError } from "../../../src/core/errors.ts";

/** What a request asks for, as an action, or its error as text. */
function asked(method: string, address: string, body?: unknown): unknown {
  const { pathname, searchParams } = new URL(address, "https://x");
  try {
    return readAsked(findEndpoint(method, pathname), { query: searchParams, body });
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return `${error.code}: ${error.message}`;
  }
}

const right: readonly (readonly [string, string, unknown, object])[] = [
  ["GET", "/services", undefined, { action: "ps", watch: false }],
  ["GET", "/apps/web", undefined, { action: "ps", service: "web", watch: false }],
  ["GET", "/apps/web/releases", undefined, { action: "release.list", service: "web" }],
  [
    "POST",
    "/services/web/scale",
    { replicas: 2 },
    { action: "scale", service: "web", replicas: 2 },
  ],
  ["POST", "/services/web/restart", undefined, { action: "restart", service: "web" }],
  ["POST", "/services/web/deploy", {}, { action: "rollback", service: "web" }],
  [
    "POST",
    "/services/web/deploy",
    { release: 3 },
    { action: "rollback", service: "web", release: 3 },
  ],
  [
    "POST",
    "/services/web/env",
    { set: { A: "1" }, stage: true },
    { action: "env.set", service: "web", set: { A: "1" }, stage: true },
  ],
  [
    "DELETE",
    "/services/web/env?names=A,B",
    undefined,
    { action: "env.unset", service: "web", names: ["A", "B"] },
  ],
  [
    "DELETE",
    "/services/web?confirm=web&volumes=a,b",
    undefined,
    { action: "remove", service: "web", volumes: ["a", "b"] },
  ],
  [
    "DELETE",
    "/services/web?confirm=web",
    undefined,
    { action: "remove", service: "web", volumes: [] },
  ],
  [
    "GET",
    "/containers/web:worker.2/logs?lines=5&follow",
    undefined,
    { action: "logs", service: "web", process: "worker", replica: 2, lines: 5, follow: true },
  ],
  ["GET", "/builds/7", undefined, { action: "job.list", before: 8, limit: 1 }],
  ["GET", "/jobs/7/steps", undefined, { action: "job.steps", job: 7 }],
  ["POST", "/builds/7/cancel", undefined, { action: "cancel", job: 7 }],
  ["POST", "/jobs/7/cancel", undefined, { action: "cancel", job: 7 }],
];

test("a path, its query and its body become an action", () => {
  for (const [method, address, body, action] of right)
    assert.deepEqual(asked(method, address, body), action, `${method} ${address}`);
});

const wrong: readonly (readonly [string, string, unknown, string])[] = [
  ["GET", "/nothing", undefined, 'not-found: path "/nothing": not part of the API'],
  ["GET", "/services/%ff", undefined, 'not-found: path "/services/%ff": not part of the API'],
  ["GET", "/services/", undefined, 'not-found: path "/services/": not part of the API'],
  ["DELETE", "/doctor", undefined, 'method: "DELETE": not at this path'],
  ["GET", "/services/UP", undefined, 'bad-request: request: service: not valid: "UP"'],
  ["GET", "/services?x=1", undefined, 'bad-request: request: query "x": not known here'],
  [
    "GET",
    "/services/web/logs?lines=ten",
    undefined,
    'bad-request: request: lines: should be a whole number, got "ten"',
  ],
  [
    "GET",
    "/services/web/logs?lines=1&lines=2",
    undefined,
    "bad-request: request: query lines: given twice",
  ],
  [
    "POST",
    "/services/web/scale",
    { replicas: 2, service: "api" },
    'bad-request: request: body: "service": not known here, it takes replicas, process',
  ],
  [
    "POST",
    "/services/web/restart",
    { force: true },
    'bad-request: request: body: "force": not known here',
  ],
  ["POST", "/services/web/scale", [], "bad-request: request: body: should be an object"],
  [
    "POST",
    "/services/web/scale",
    {},
    "bad-request: request: replicas: should be a whole number, got undefined",
  ],
  ["DELETE", "/services/web", undefined, "confirm: remove web: needs ?confirm=web"],
  ["DELETE", "/services/web?confirm=api", undefined, "confirm: remove web: needs ?confirm=web"],
  [
    "PUT",
    "/services/web",
    {},
    "in-dockerfile: service: its settings are comments in its Dockerfile",
  ],
  [
    "POST",
    "/containers/web.1/stop",
    undefined,
    "belongs-to-release: container: is a replica of a release, which decides whether it runs",
  ],
  [
    "GET",
    "/containers/web/logs",
    undefined,
    'bad-request: request: container: should be as web.1, got "web"',
  ],
];

test("what cannot be understood is refused in words, and nothing is left out silently", () => {
  for (const [method, address, body, words] of wrong)
    assert.equal(asked(method, address, body), words, `${method} ${address}`);
});

test("no endpoint asks for what no token can do, and reading is what GET does", () => {
  for (const { method, path, does } of endpoints) {
    if (does.kind === "refused") continue;
    const { byGrant } = definitionOf(does.action);
    assert.equal(byGrant, method === "GET" ? "read" : "change", `${method} ${path}`);
  }
});

test("two endpoints never stand at one address", () => {
  const addresses = endpoints.map(
    ({ method, path }) => `${method} ${path.replaceAll(/\{\w+\}/g, "{}")}`,
  );
  assert.equal(new Set(addresses).size, addresses.length);
  assert.deepEqual(methodsAt("/apps/web"), ["GET", "DELETE"]);
});

test("the id of a container names its parts", () => {
  for (const [id, parts] of [
    ["web.1", { service: "web", replica: 1 }],
    ["a.b.12", { service: "a.b", replica: 12 }],
    ["web:worker.3", { service: "web", process: "worker", replica: 3 }],
  ] as const) {
    assert.deepEqual(partsOf(id), parts);
    const { service, ...replica } = parts;
    assert.equal(replicaId(service, replica), id);
  }
});

test("the API has two bases, and nothing beside them is taken for it", () => {
  assert.deepEqual(readApiPath("/api/v1/services"), { base: "/api/v1", path: "/services" });
  const long = `${longApiBase}/services`;
  assert.deepEqual(readApiPath(long), { base: longApiBase, path: "/services" });
  for (const path of ["/api/v1", "/api/v11/x", "/api", "/x/api/v1/services"])
    assert.equal(readApiPath(path), undefined, path);
});
