import assert from "node:assert/strict";
import { test } from "node:test";
import type { ServiceSpec } from "../../../src/core/release/spec.ts";
import type { Behaviour } from "../../support/fake-engine.ts";
import { fakeServer } from "../../support/fake-server.ts";
import { release } from "../../support/releases.ts";

const roll = { scale: { kind: "roll", replicas: 1 } } as const;
const replace = { scale: { kind: "replace" } } as const;
const waiting = "waiting for 1 connection to web release 1 to end";
const cut = "1 connection to web release 1 did not end in time";

interface Case {
  readonly what: string;
  readonly spec: Partial<ServiceSpec>;
  readonly old: Behaviour;
  readonly drainedMs: number;
  readonly said: readonly string[];
}

const cases: readonly Case[] = [
  { what: "nobody", spec: roll, old: {}, drainedMs: 300, said: [] },
  { what: "nobody, waited for", spec: replace, old: {}, drainedMs: 300, said: [] },
  {
    what: "another service for ever",
    spec: roll,
    old: { busyMs: 600_000, busyFrom: "blog" },
    drainedMs: 300,
    said: [],
  },
  {
    what: "Traefik for ever",
    spec: roll,
    old: { busyMs: 600_000 },
    drainedMs: 30_000,
    said: [waiting, cut],
  },
  {
    what: "Traefik for ever, with a time of its own",
    spec: { ...roll, drainTimeoutMs: 5_000 },
    old: { busyMs: 600_000 },
    drainedMs: 5_000,
    said: [waiting, cut],
  },
  {
    what: "Traefik for ever while others wait",
    spec: replace,
    old: { busyMs: 600_000 },
    drainedMs: 3_000,
    said: [waiting, cut],
  },
];

for (const { what, spec, old, drainedMs, said } of cases)
  test(`an old release connected to by ${what} is drained for ${drainedMs} ms`, async () => {
    const server = fakeServer({ 1: old });
    const web = (number: number) =>
      release("web", number, { routes: ["http://example.com"], spec });
    const from = await server.deploy(web(1));
    server.forget();
    await server.deploy(web(2), from);
    const at = (line: string) => server.notedAt.get(line) ?? 0;
    assert.equal(at("< drain") - at("> drain"), drainedMs);
    const texts = server.events.flatMap((event) =>
      "text" in event && / to web release 1 /.test(event.text) ? [event.text] : [],
    );
    assert.deepEqual(texts, said);
  });
