import assert from "node:assert/strict";
import { test } from "node:test";
import { changeRouting, type RoutingChange } from "../../../src/core/routing/routing-change.ts";
import { dynamicConfig } from "../../../src/core/routing/dynamic-config.ts";
import type { RoutingState } from "../../../src/core/routing/routing-state.ts";
import { release } from "../../support/releases.ts";

const whole = release("whole", 1, { routes: ["http://example.com"] });
const part = release("part", 4, { routes: ["http://example.com/api"] });
const again = release("part", 5, { routes: ["http://example.com/api"] });
const server = { instance: "mypaas", httpsPort: 443 };
const start: RoutingState = { server, live: [whole, part], switches: [] };

const after = (...changes: readonly RoutingChange[]) => changes.reduce(changeRouting, start);
const leadsTo = (state: RoutingState) =>
  Object.fromEntries(
    Object.entries(dynamicConfig(state).http.routers)
      .filter(([name]) => /part|whole/.test(name))
      .map(([name, { service }]) => [name, service]),
  );
const stop = { kind: "stopped", service: "part", release: part } as const;
const hold = { kind: "hold", service: "part", to: again, from: undefined, mode: "wait" } as const;

test("the routes of a stopped service answer 503, also when another service has the whole host", () => {
  const state = after(stop);
  assert.deepEqual(leadsTo(state), { "stopped-part-r4-1": "nobody" });
  assert.deepEqual(state.live, [whole]);
  assert.deepEqual(after(stop, stop), state);
});

test("requests wait while the service starts, and reach it after the cut-over", () => {
  assert.match(leadsTo(after(stop, hold))["hold-part-r5-1"] ?? "", /^wait-/);
  const cut = { kind: "cut-over", service: "part" } as const;
  assert.deepEqual(leadsTo(after(stop, hold, cut)), {});
});

test("a failed start leaves the service stopped", () => {
  const failed = { kind: "finished", service: "part", live: undefined } as const;
  assert.deepEqual(leadsTo(after(stop, hold, failed)), { "stopped-part-r4-1": "nobody" });
});

test("a removed service frees its routes", () => {
  assert.deepEqual(leadsTo(after(stop, { kind: "removed", service: "part" })), {});
});
