import assert from "node:assert/strict";
import { test } from "node:test";
import {
  covers,
  holdPriority,
  maintenancePriority,
  routePriority,
  routeRule,
} from "../../../src/core/routing/routes.ts";

test("priorities: newer over older, longer over shorter, exact over wildcard, and holds between releases and longer paths", () => {
  const order = [
    routePriority({ host: "*.a.test", path: "" }, 999_991),
    holdPriority({ host: "*.a.test", path: "" }),
    maintenancePriority({ host: "*.a.test", path: "" }),
    routePriority({ host: "*.a.test", path: "/x" }, 1),
    routePriority({ host: "a.test", path: "" }, 1),
    routePriority({ host: "a.test", path: "" }, 2),
    holdPriority({ host: "a.test", path: "" }),
    maintenancePriority({ host: "a.test", path: "" }),
    routePriority({ host: "a.test", path: "/x" }, 1),
    routePriority({ host: "a.test", path: `/${"x".repeat(200)}` }, 1),
  ];
  assert.deepEqual(
    order,
    order.toSorted((a, b) => a - b),
  );
  assert.equal(new Set(order).size, order.length);
  assert.ok(order.every(Number.isSafeInteger));
});

for (const [outer, inner, expected] of [
  ["a.test", "a.test", true],
  ["a.test", "a.test/x", true],
  ["a.test/x", "a.test", false],
  ["a.test/x", "a.test/x/y", true],
  ["a.test/x", "a.test/xy", false],
  ["a.test", "b.test", false],
  ["*.test", "a.test", true],
  ["*.test", "b.a.test", false],
  ["*.test", "*.test/x", true],
  ["*.test", "*.a.test", false],
  ["a.test", "*.test", false],
] as const)
  test(`${outer} ${expected ? "covers" : "does not cover"} ${inner}`, () => {
    assert.equal(covers(place(outer), place(inner)), expected);
  });

for (const text of ["a`b.test", "a.test/x`y", "A.test", "a.test/x y", "a.test/\u0000", "a.*.test"])
  test(`${JSON.stringify(text)} is refused as a route`, () => {
    assert.throws(() => routeRule(place(text)), {
      message: `not a parsed route: ${JSON.stringify(text)}`,
    });
  });

function place(text: string) {
  const slash = text.indexOf("/");
  return slash < 0
    ? { host: text, path: "" }
    : { host: text.slice(0, slash), path: text.slice(slash) };
}
