import assert from "node:assert/strict";
import { test } from "node:test";
import type { Release } from "../../../src/core/release/release.ts";
import type { Scale, ServiceSpec } from "../../../src/core/release/spec.ts";
import { pauseOf, switchWay, type Pause } from "../../../src/core/release/switch-way.ts";
import { release } from "../../support/releases.ts";

const one: Scale = { kind: "roll", replicas: 1 };
const replace: Scale = { kind: "replace" };
const safe: Scale = { kind: "safe", replicas: 2 };
const publish = [{ ip: "127.0.0.1", hostPort: 53, containerPort: 53, protocol: "udp" }] as const;

const web = (scale: Scale, more: Partial<ServiceSpec> = {}, routes = ["http://a.test"]): Release =>
  release("web", 1, { routes, spec: { scale, ...more } });
const none: Pause = { kind: "none" };
const wait = (because: string, drainMs = 3_000): Pause => ({ kind: "wait", because, drainMs });

/** o: the old one stops first, r: Traefik has to do with it, w: some requests wait. */
const cases: readonly [
  what: string,
  from: Release | undefined,
  to: Release,
  way: string,
  pause: Pause,
][] = [
  ["the first release of a host", undefined, web(one), "rw", none],
  ["the first release without routes", undefined, web(replace, {}, []), "", none],
  ["new before old", web(one), web(one), "r", none],
  ["1 to 2", web(one), web({ kind: "roll", replicas: 2 }), "r", none],
  ["a route more", web(one), web(one, {}, ["http://a.test", "http://b.test"]), "rw", none],
  ["https for http", web(one), web(one, {}, ["https://a.test"]), "rw", none],
  ["the last route less", web(one), web(one, {}, []), "r", none],
  ["scale 0", web(replace), web(replace), "orw", wait("scale = 0")],
  ["from N to 0", web(one), web(replace), "orw", wait("scale = 0")],
  ["from 0 to N", web(replace), web(one), "r", none],
  ["safe", web(one), web(safe), "orw", wait("scale = 2 safe")],
  [
    "a published port",
    web(one),
    web(one, { publish }),
    "orw",
    wait("publish = 127.0.0.1:53:53/udp"),
  ],
  [
    "a drain timeout of the old release",
    web(replace, { drainTimeoutMs: 9_000 }),
    web(replace),
    "orw",
    wait("scale = 0", 9_000),
  ],
  [
    "a service without routes",
    web(replace, {}, []),
    web(replace, {}, []),
    "o",
    { kind: "stop", because: "scale = 0", drainMs: 0 },
  ],
];

for (const [what, from, to, way, pause] of cases)
  test(`the way of a switch: ${what}`, () => {
    const { oldFirst, isRouted, someWait } = switchWay(from, to);
    assert.equal(`${oldFirst ? "o" : ""}${isRouted ? "r" : ""}${someWait ? "w" : ""}`, way);
    assert.deepEqual(pauseOf(from, to), pause);
  });
