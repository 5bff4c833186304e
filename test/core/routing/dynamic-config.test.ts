import assert from "node:assert/strict";
import { test } from "node:test";
import type { Release } from "../../../src/core/release/release.ts";
import type { RoutingState, Switch } from "../../../src/core/routing/routing-state.ts";
import { changeRouting } from "../../../src/core/routing/routing-change.ts";
import { dynamicConfig } from "../../../src/core/routing/dynamic-config.ts";
import { release } from "../../support/releases.ts";
import { whoAnswers } from "../../support/traefik-interpreter.ts";

const server = { instance: "mypaas", httpsPort: 443 };
const waitWeb = "wait for web.next.invalid.:3000";
const waitWebBack = `${waitWeb} or web.back.invalid.:3000`;

/** Who answers each URL while `held`, and after the cut-over; `running` are the containers that exist meanwhile. */
interface Case {
  readonly title: string;
  readonly live?: readonly Release[];
  readonly one: Pick<Switch, "to" | "from" | "mode">;
  /** URL → before anything, held before the new containers, held with them, cut over with old containers, settled. */
  readonly answers: Readonly<Record<string, readonly [string, string, string, string, string]>>;
}

const web42 = release("web", 42, { routes: ["http://a.test"] });
const blog = release("blog", 900, { routes: ["http://b.test", "http://*.test"] });

const cases: readonly Case[] = [
  {
    title: "the same route goes from the old release to the new one at the cut-over",
    one: { from: web42, to: release("web", 43, { routes: ["http://a.test"] }), mode: "serving" },
    answers: {
      "http://a.test/": ["web/42", "web/42", "web/42", "web/43", "web/43"],
      "http://other.test/": ["503", "503", "503", "503", "503"],
      "https://a.test/": ["503", "503", "503", "503", "503"],
    },
  },
  {
    title: "requests to the first release of a host wait for it",
    one: { from: undefined, to: release("web", 1, { routes: ["http://a.test"] }), mode: "wait" },
    answers: { "http://a.test/": ["503", waitWeb, waitWeb, "web/1", "web/1"] },
  },
  {
    title: "what another service serves stays with it until the cut-over",
    live: [release("blog", 900, { routes: ["http://b.test", "http://*.test"] })],
    one: {
      from: undefined,
      to: release("web", 1, { routes: ["http://b.test/api", "http://a.test"] }),
      mode: "wait",
    },
    answers: {
      "http://b.test/api": ["blog/900", "blog/900", "blog/900", "web/1", "web/1"],
      "http://b.test/api/x": ["blog/900", "blog/900", "blog/900", "web/1", "web/1"],
      "http://b.test/apifoo": ["blog/900", "blog/900", "blog/900", "blog/900", "blog/900"],
      "http://a.test/": ["blog/900", "blog/900", "blog/900", "web/1", "web/1"],
      "http://x.a.test/": ["503", "503", "503", "503", "503"],
    },
  },
  {
    title: "a route that the new release gives up goes to whoever owns it next",
    live: [blog],
    one: {
      from: release("web", 42, {
        routes: ["http://a.test", "http://b.test/api", "http://c.org", "http://d.org/x"],
      }),
      to: release("web", 43, { routes: ["http://c.org/new", "http://d.org"] }),
      mode: "serving",
    },
    answers: {
      "http://a.test/": ["web/42", "web/42", "web/42", "blog/900", "blog/900"],
      "http://b.test/api/1": ["web/42", "web/42", "web/42", "blog/900", "blog/900"],
      "http://c.org/": ["web/42", "web/42", "web/42", "503", "503"],
      "http://c.org/new": ["web/42", "web/42", "web/42", "web/43", "web/43"],
      "http://d.org/x": ["web/42", "web/42", "web/42", "web/43", "web/43"],
      "http://d.org/y": ["503", waitWebBack, waitWebBack, "web/43", "web/43"],
    },
  },
  {
    title: "from http to https the http side serves until the cut-over and redirects after it",
    one: { from: web42, to: release("web", 43, { routes: ["https://a.test"] }), mode: "serving" },
    answers: {
      "http://a.test/": ["web/42", "web/42", "web/42", "redirect", "redirect"],
      "https://a.test/": ["503", waitWebBack, waitWebBack, "web/43", "web/43"],
      "https://a.test/.well-known/mypaas/v1/requests": [
        "receiver",
        "receiver",
        "receiver",
        "receiver",
        "receiver",
      ],
    },
  },
  {
    title: "where the old release stops first, everything of both releases waits",
    live: [blog],
    one: {
      from: release("web", 42, { routes: ["https://a.test", "http://old.org"] }),
      to: release("web", 43, { routes: ["https://a.test", "http://new.org"] }),
      mode: "wait",
    },
    answers: {
      "https://a.test/": ["web/42", waitWebBack, waitWebBack, "web/43", "web/43"],
      "http://a.test/": ["redirect", "redirect", "redirect", "redirect", "redirect"],
      "http://old.org/": ["web/42", waitWebBack, waitWebBack, "503", "503"],
      "http://new.org/": ["503", waitWebBack, waitWebBack, "web/43", "web/43"],
    },
  },
];

for (const { title, live = [], one, answers } of cases)
  test(title, () => {
    const { from, to, mode } = one;
    const service = to.spec.service;
    const old = from === undefined ? [] : [from];
    const before: RoutingState = { server, live: [...live, ...old], switches: [] };
    const held = changeRouting(before, { kind: "hold", service, to, from, mode });
    const cut = changeRouting(held, { kind: "cut-over", service });
    const settled = changeRouting(cut, { kind: "settled", service, live: to });
    const stages = [
      { state: before, running: [...live, ...old] },
      { state: held, running: [...live, ...old] },
      // Whether the old one still runs must not matter where requests wait.
      { state: held, running: [...live, ...(mode === "wait" ? [] : old), to] },
      { state: cut, running: [...live, ...old, to] },
      { state: settled, running: [...live, to] },
    ];
    for (const [url, expected] of Object.entries(answers)) {
      const seen = stages.map(({ state, running }) =>
        whoAnswers(url, { running, server, file: dynamicConfig(state) }),
      );
      assert.deepEqual([url, ...seen], [url, ...expected]);
    }
  });

test("a failed switch leaves everything as it was", () => {
  const to = release("web", 43, { routes: ["http://a.test", "http://n.test"] });
  const before: RoutingState = { server, live: [web42], switches: [] };
  const held = changeRouting(before, {
    kind: "hold",
    service: "web",
    to,
    from: web42,
    mode: "serving",
  });
  const after = changeRouting(held, { kind: "settled", service: "web", live: web42 });
  assert.deepEqual(dynamicConfig(after), dynamicConfig(before));
});

test("two switches at once keep out of each other's way", () => {
  const api1 = release("api", 1, { routes: ["http://a.test/api"] });
  const to = release("web", 43, { routes: ["http://a.test"] });
  const before: RoutingState = { server, live: [web42], switches: [] };
  const webHeld = changeRouting(before, {
    kind: "hold",
    service: "web",
    to,
    from: web42,
    mode: "wait",
  });
  const both = changeRouting(webHeld, {
    kind: "hold",
    service: "api",
    to: api1,
    from: undefined,
    mode: "wait",
  });
  const webDone = changeRouting(both, { kind: "cut-over", service: "web" });
  const allDone = changeRouting(webDone, { kind: "cut-over", service: "api" });
  const ask = (url: string, state: RoutingState, running: readonly Release[]): string =>
    whoAnswers(url, { running, server, file: dynamicConfig(state) });
  // The owner of the shorter path has stopped for its own switch: its requests wait for it, not for the newcomer.
  assert.equal(ask("http://a.test/api", both, []), waitWebBack);
  assert.equal(ask("http://a.test/", both, []), waitWebBack);
  assert.equal(ask("http://a.test/api", webDone, [to, api1]), "web/43");
  assert.equal(ask("http://a.test/api", allDone, [to, api1]), "api/1");
  assert.equal(ask("http://a.test/", allDone, [to, api1]), "web/43");
});

test("a place that one service gives up while another one takes it has one owner at each moment", () => {
  const without = release("web", 43, { routes: ["http://w.test"] });
  const taker = release("taker", 1, { routes: ["http://a.test"] });
  const given = [
    { kind: "hold", service: "web", to: without, from: web42, mode: "serving" },
    { kind: "cut-over", service: "web" },
    { kind: "hold", service: "taker", to: taker, from: undefined, mode: "wait" },
    { kind: "cut-over", service: "taker" },
  ] as const;
  const states: RoutingState[] = [];
  let state: RoutingState = { server, live: [web42], switches: [] };
  for (const change of given) states.push((state = changeRouting(state, change)));
  const seen = states.map((one) =>
    whoAnswers("http://a.test/", {
      running: [web42, without, taker],
      server,
      file: dynamicConfig(one),
    }),
  );
  assert.deepEqual(seen, ["web/42", "503", "wait for taker.next.invalid.:3000", "taker/1"]);
});

test("waiting covers drain, stop and start of both releases, and ends in 14 minutes", () => {
  const to = release("web", 43, { routes: ["http://a.test"] });
  const retryOf = (next: Release, from: Release | undefined = web42): unknown =>
    dynamicConfig({
      server,
      live: [],
      switches: [{ service: "web", to: next, from, mode: "wait", phase: "held" }],
    }).http.middlewares["web-wait-retry"];
  assert.deepEqual(retryOf(to), {
    retry: { attempts: 715, initialInterval: "200ms", timeout: "143000ms" },
  });
  const slow = { ...to, spec: { ...to.spec, startTimeoutMs: 3_600_000 } };
  assert.deepEqual(retryOf(slow), {
    retry: { attempts: 4200, initialInterval: "200ms", timeout: "840000ms" },
  });
  // The old release drains by its own setting, whatever the new one says.
  const draining = { ...web42, spec: { ...web42.spec, drainTimeoutMs: 60_000 } };
  assert.deepEqual(retryOf({ ...to, spec: { ...to.spec, drainTimeoutMs: 1_000 } }, draining), {
    retry: { attempts: 1000, initialInterval: "200ms", timeout: "200000ms" },
  });
});

test("certificates and hosts that may ask for one stand in the file", () => {
  const { http, tls } = dynamicConfig({
    server: { ...server, certificate: { cert: "CERT", key: "KEY" }, certificateHosts: ["a.test"] },
    live: [],
    switches: [],
  });
  assert.deepEqual(tls, {
    stores: { default: { defaultCertificate: { certFile: "CERT", keyFile: "KEY" } } },
  });
  assert.deepEqual(http.routers["certificate-a.test"], {
    entryPoints: ["websecure"],
    rule: "Host(`a.test`)",
    priority: 2,
    service: "nobody",
    tls: { certResolver: "acme" },
  });
});
