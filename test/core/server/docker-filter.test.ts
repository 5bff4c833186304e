import assert from "node:assert/strict";
import { test } from "node:test";
import { decide, hideSecrets, isOurs } from "../../../src/core/server/docker-filter.ts";

const passed: readonly (readonly [string, string])[] = [
  ["/_ping", "/_ping"],
  ["/v1.41/_ping", "/v1.41/_ping"],
  ["/version", "/version"],
  ["/v1.24/containers/web-1.x_y/json?size=1", "/v1.24/containers/web-1.x_y/json"],
];

for (const [target, path] of passed) {
  test(`docker filter: GET ${target} is passed on`, () => {
    const decision = decide("GET", target, "mypaas");
    assert.equal(decision.kind === "refused" ? decision.message : decision.path, path);
  });
}

const refused: readonly (readonly [string, string])[] = [
  ["POST", "/_ping"],
  ["DELETE", "/containers/web"],
  ["POST", "/containers/create"],
  ["GET", "/images/json"],
  ["GET", "/containers/web/logs"],
  ["GET", "/containers/web/json/"],
  ["GET", "/containers/../images/json"],
  ["GET", "/containers/%2e%2e/json"],
  ["GET", "/containers/a/b/json"],
  ["GET", "/v1.41/v1.41/_ping"],
  ["GET", "//_ping"],
  ["GET", "http://docker/_ping"],
  ["GET", "*"],
  ["GET", ""],
];

for (const [method, target] of refused) {
  test(`docker filter: ${method} "${target}" is refused`, () => {
    const decision = decide(method, target, "mypaas");
    assert.deepEqual(decision.kind === "refused" && decision.status, 403);
  });
}

const filters: readonly (readonly [string, string, unknown])[] = [
  ["no filters", "", { label: ["mypaas.instance=mine", "traefik.enable=true"] }],
  [
    "the list encoding",
    '{"label":["a=b"],"status":["running"]}',
    { label: ["a=b", "mypaas.instance=mine", "traefik.enable=true"], status: ["running"] },
  ],
  [
    "the map encoding",
    '{"label":{"a=b":true,"c":false}}',
    { label: ["a=b", "mypaas.instance=mine", "traefik.enable=true"] },
  ],
  [
    "another instance",
    '{"label":["mypaas.instance=other"]}',
    { label: ["mypaas.instance=other", "mypaas.instance=mine", "traefik.enable=true"] },
  ],
];

for (const [title, given, expected] of filters) {
  test(`docker filter: the instance's label is added to ${title}`, () => {
    const query = given === "" ? "" : `?filters=${encodeURIComponent(given)}`;
    const decision = decide("GET", `/containers/json${query}`, "mine");
    assert.ok(decision.kind === "stream");
    const sent = new URL(decision.path, "http://docker").searchParams.get("filters") ?? "";
    assert.deepEqual(JSON.parse(sent), expected);
  });
}

for (const given of ["[1]", "{", '"x"', '{"label":1}', "null"]) {
  test(`docker filter: filters ${given} are refused`, () => {
    const decision = decide("GET", `/events?filters=${encodeURIComponent(given)}`, "mine");
    assert.deepEqual(decision, { kind: "refused", status: 400, message: "bad filters" });
  });
}

test("docker filter: two filters, of which Docker would take the first, are refused", () => {
  assert.equal(decide("GET", "/events?filters=%7B%7D&filters=%7B%7D", "mine").kind, "refused");
});

test("docker filter: events are limited to those of containers that Traefik needs", () => {
  const decision = decide(
    "GET",
    `/events?since=1&filters=${encodeURIComponent('{"type":["image"],"event":["exec_create"]}')}`,
    "mine",
  );
  assert.ok(decision.kind === "stream");
  const query = new URL(decision.path, "http://docker").searchParams;
  assert.equal(query.get("since"), "1");
  assert.deepEqual(JSON.parse(query.get("filters") ?? ""), {
    type: ["container"],
    event: ["start", "die", "health_status"],
    label: ["mypaas.instance=mine"],
  });
});

test("docker filter: an inspect answer loses everything that could be a secret and keeps its labels", () => {
  const facts = {
    Id: "a",
    Path: "node",
    Args: ["--token=x"],
    Config: {
      Env: ["A=b"],
      Cmd: ["x"],
      Entrypoint: ["y"],
      Healthcheck: { Test: ["z"] },
      Labels: { Env: "prod", "mypaas.instance": "mine" },
    },
    State: { Status: "running", Health: { Status: "healthy", Log: [{ Output: "x" }] } },
  };
  assert.equal(isOurs(facts, "mine"), true);
  assert.equal(isOurs(facts, "other"), false);
  assert.deepEqual(hideSecrets(facts), {
    Id: "a",
    Path: "",
    Args: [],
    Config: {
      Env: [],
      Cmd: [],
      Entrypoint: [],
      Healthcheck: {},
      Labels: { Env: "prod", "mypaas.instance": "mine" },
    },
    State: { Status: "running", Health: { Status: "healthy", Log: [] } },
    ExecIDs: [],
  });
});
