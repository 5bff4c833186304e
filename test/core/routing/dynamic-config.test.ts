import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { parse } from "yaml";
import type { Release } from "../../../src/core/release/release.ts";
import type { RoutingState } from "../../../src/core/routing/routing-state.ts";
import { changeRouting } from "../../../src/core/routing/routing-change.ts";
import { dynamicConfig } from "../../../src/core/routing/dynamic-config.ts";
import { dockerRouterNames, traefikLabels } from "../../../src/core/routing/labels.ts";
import { release } from "../../support/releases.ts";

const server = { instance: "mypaas", httpsPort: 443 };
const web42 = release("web", 42, { routes: ["http://a.test"] });

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
  const after = changeRouting(held, { kind: "finished", service: "web", live: web42 });
  assert.deepEqual(dynamicConfig(after), dynamicConfig(before));
});

test("the transport of a timeout is there before its labels are, and until its last containers are gone", () => {
  const timed = (number: number, answerTimeoutMs: number | undefined) =>
    release("web", number, { routes: ["http://a.test"], spec: { answerTimeoutMs } });
  const transports = (state: RoutingState): readonly string[] =>
    Object.keys(dynamicConfig(state).http.serversTransports ?? {});
  const [from, to] = [timed(1, 5_000), timed(2, undefined)];
  let state: RoutingState = { server, live: [from], switches: [] };
  assert.deepEqual(transports(state), ["answer-5000ms"]);
  state = changeRouting(state, { kind: "hold", service: "web", to, from, mode: "serving" });
  assert.deepEqual(transports(state), ["answer-5000ms"]);
  state = changeRouting(state, { kind: "cut-over", service: "web" });
  assert.deepEqual(transports(state), ["answer-5000ms"]);
  state = changeRouting(state, { kind: "finished", service: "web", live: to });
  assert.deepEqual(transports(state), []);
  const back = timed(3, 7_000);
  state = changeRouting(state, { kind: "hold", service: "web", to: back, from: to, mode: "wait" });
  assert.deepEqual(transports(state), ["answer-7000ms", "wait-7000ms", "wait"]);
  state = changeRouting(state, { kind: "stopped", service: "web", release: back });
  assert.deepEqual(transports(state), ["answer-7000ms"]);
});

test("a transport has the timeouts of all services, and its own", async () => {
  const one = release("web", 1, { routes: ["http://a.test"], spec: { answerTimeoutMs: 1_500 } });
  const { serversTransports } = dynamicConfig({ server, live: [one], switches: [] }).http;
  const file = new URL("../../../traefik/traefik.yml", import.meta.url);
  const common = parse(await readFile(file, "utf8")).serversTransport.forwardingTimeouts;
  assert.deepEqual(serversTransports, {
    "answer-1500ms": { forwardingTimeouts: { ...common, responseHeaderTimeout: "1500ms" } },
  });
});

test("the wait covers drain, stop and start of both releases, and ends after 14 minutes", () => {
  const to = release("web", 43, { routes: ["http://a.test"] });
  const retryOf = (next: Release, from: Release | undefined = web42): unknown =>
    dynamicConfig({
      server,
      live: [],
      switches: [{ service: "web", to: next, from, mode: "wait", phase: "held" }],
    }).http.middlewares["web-wait-retry"];
  assert.deepEqual(retryOf(to), {
    retry: { attempts: 865, initialInterval: "200ms", timeout: "173000ms" },
  });
  const slow = { ...to, spec: { ...to.spec, startTimeoutMs: 3_600_000 } };
  assert.deepEqual(retryOf(slow), {
    retry: { attempts: 4200, initialInterval: "200ms", timeout: "840000ms" },
  });
  // The old release drains by its own setting, whatever the new one says.
  const draining = { ...web42, spec: { ...web42.spec, drainTimeoutMs: 60_000 } };
  assert.deepEqual(retryOf({ ...to, spec: { ...to.spec, drainTimeoutMs: 1_000 } }, draining), {
    retry: { attempts: 1150, initialInterval: "200ms", timeout: "230000ms" },
  });
});

test("requests for a new route wait 15 s, or less when the release must be ready sooner", () => {
  const retryOf = (next: Release): unknown =>
    dynamicConfig({
      server,
      live: [],
      switches: [{ service: "web", to: next, from: undefined, mode: "wait", phase: "held" }],
    }).http.middlewares["web-new-retry"];
  const to = release("web", 1, { routes: ["http://a.test"] });
  assert.deepEqual(retryOf(to), {
    retry: { attempts: 75, initialInterval: "200ms", timeout: "15000ms" },
  });
  const quick = { ...to, spec: { ...to.spec, startTimeoutMs: 2_000, stopTimeoutMs: 1_000 } };
  assert.deepEqual(retryOf(quick), {
    retry: { attempts: 15, initialInterval: "200ms", timeout: "3000ms" },
  });
});

test("the file has certificates, certificate requests and the server's id", () => {
  const { http, tls } = dynamicConfig({
    server: {
      ...server,
      server: "0123456789abcdef",
      certificate: { cert: "CERT", key: "KEY" },
      manualCertificates: [{ cert: "OWN", key: "OWN KEY" }],
      certificateRequests: [{ host: "*.a.test", resolver: "acme-dns" }],
    },
    live: [],
    switches: [],
  });
  assert.deepEqual(tls, {
    options: { default: { minVersion: "VersionTLS12" } },
    certificates: [{ certFile: "OWN", keyFile: "OWN KEY" }],
    stores: { default: { defaultCertificate: { certFile: "CERT", keyFile: "KEY" } } },
  });
  assert.deepEqual(http.routers["certificate-*.a.test"], {
    entryPoints: ["websecure"],
    rule: "Host(`*.a.test`)",
    priority: 2,
    service: "nobody",
    tls: { certResolver: "acme-dns" },
  });
  assert.deepEqual(http.routers["here"], {
    entryPoints: ["web"],
    rule: "PathPrefix(`/.well-known/mypaas/v1/`)",
    priority: 1e12,
    service: "nobody",
    middlewares: ["here"],
  });
  assert.deepEqual(http.middlewares["here"], {
    headers: { customResponseHeaders: { "X-Mypaas-Server": "0123456789abcdef" } },
  });
});

test("a host with a certificate redirects and has HSTS, another one answers on both", () => {
  const routes = ["https://a.test", "https://b.test/x"];
  const { http } = dynamicConfig({
    server: { ...server, secured: ["a.test"] },
    live: [release("web", 42, { routes })],
    switches: [],
  });
  const added = Object.fromEntries(
    Object.entries(http.routers).filter(([name]) => name.startsWith("https-")),
  );
  const wanted = { rule: "Host(`a.test`)", priority: 1_000_999_992 };
  assert.deepEqual(added, {
    "https-web-r42-1": {
      ...wanted,
      entryPoints: ["websecure"],
      service: "web-r42@docker",
      middlewares: ["web-r42-release", "web-r42-hsts", "web-r42-retry"],
      tls: {},
    },
    "https-web-r42-1-http": {
      ...wanted,
      entryPoints: ["web"],
      service: "nobody",
      middlewares: ["web-r42-release", "web-r42-https"],
    },
    "https-web-r42-2-http": {
      rule: "Host(`b.test`) && (Path(`/x`) || PathPrefix(`/x/`))",
      priority: 1_002_999_992,
      entryPoints: ["web"],
      service: "web-r42@docker",
      middlewares: ["web-r42-release", "web-r42-retry"],
    },
  });
  assert.deepEqual(http.middlewares["web-r42-hsts"], {
    headers: { customResponseHeaders: { "Strict-Transport-Security": "max-age=31536000" } },
  });
  assert.deepEqual(http.middlewares["web-r42-https"], {
    redirectScheme: { scheme: "https", permanent: true },
  });
});

/** The routes beside `https://a.test`, whose host has a certificate → whether HSTS is on. */
for (const [beside, httpsPort, isStrict] of [
  [[], 443, true],
  [["https://a.test/api", "http://b.test"], 443, true],
  [["http://a.test/api"], 443, false],
  [["http://a.test"], 443, false],
  [["http://*.test"], 443, false],
  [[], 8443, false],
] as const)
  test(`https://a.test beside ${beside.join(" ") || "nothing"} on port ${httpsPort} ${isStrict ? "binds" : "does not bind"} browsers`, () => {
    const { http } = dynamicConfig({
      server: { ...server, httpsPort, secured: ["a.test"] },
      live: [
        release("web", 1, { routes: ["https://a.test"] }),
        ...beside.map((route, n) => release(`other${n}`, 1, { routes: [route] })),
      ],
      switches: [],
    });
    assert.equal(http.middlewares["web-r1-hsts"] !== undefined, isStrict);
    const redirect = http.middlewares["web-r1-https"];
    const port = httpsPort === 443 ? {} : { port: String(httpsPort) };
    assert.deepEqual(redirect, { redirectScheme: { scheme: "https", ...port, permanent: true } });
  });

test("where paths are kept, dots and slashes that another route could answer get 400", () => {
  const live = [release("web", 1, { routes: ["https://a.test/x.y/z", "http://a.test"] })];
  const { routers, middlewares } = dynamicConfig({
    server: { ...server, keepsPaths: true },
    live,
    switches: [],
    stopped: [release("old", 1, { routes: ["http://b.test/o"] })],
  }).http;
  assert.deepEqual(middlewares["bad-path"], {
    errors: { status: ["503"], statusRewrites: { "503": 400 }, service: "nobody", query: "/" },
  });
  const rules = Object.entries(routers).filter(([, one]) => one.middlewares?.[0] === "bad-path");
  assert.deepEqual(
    rules.map(([name, { entryPoints, rule }]) => [name, entryPoints[0], rule]),
    [
      ["dots-web", "web", "PathRegexp(`/\\.\\.?(/|$)`)"],
      ["dots-websecure", "websecure", "PathRegexp(`/\\.\\.?(/|$)`)"],
      ...["web", "websecure"].map((entryPoint) => [
        `slashes-1-${entryPoint}`,
        entryPoint,
        "Host(`a.test`) && PathRegexp(`^/+x\\.y/+z(/|$)`) && !(Path(`/x.y/z`) || PathPrefix(`/x.y/z/`))",
      ]),
      ...["web", "websecure"].map((entryPoint) => [
        `slashes-2-${entryPoint}`,
        entryPoint,
        "Host(`b.test`) && PathRegexp(`^/+o(/|$)`) && !(Path(`/o`) || PathPrefix(`/o/`))",
      ]),
    ],
  );
  const receiver = routers["receiver"]?.priority ?? 0;
  assert.ok((routers["dots-web"]?.priority ?? 0) > receiver);
  assert.ok((routers["slashes-1-web"]?.priority ?? Infinity) < receiver);
  assert.deepEqual(
    Object.keys(dynamicConfig({ server, live, switches: [] }).http.routers).filter((name) =>
      /dots|slashes/.test(name),
    ),
    [],
  );
});

test("a trusted proxy whose client has https is not redirected, in and beside a switch", () => {
  const secured = { ...server, secured: ["a.test"], trusted: ["192.0.2.1"] };
  const from = release("web", 1, { routes: ["https://a.test"] });
  const to = release("web", 2, { routes: ["https://a.test"] });
  const httpRouters = (state: RoutingState) =>
    Object.values(dynamicConfig(state).http.routers)
      .filter(({ entryPoints, rule }) => entryPoints[0] === "web" && rule.includes("a.test"))
      .map(({ rule, priority, service, middlewares = [] }) => ({
        rule,
        priority,
        service,
        redirects: middlewares.some((name) => name.endsWith("-https")),
      }));
  const proxied = "Host(`a.test`) && Header(`X-Forwarded-Proto`, `https`)";
  const forwarded = " && HeaderRegexp(`X-Forwarded-For`, `.`)";
  const before: RoutingState = { server: secured, live: [from], switches: [] };
  const serving = changeRouting(before, {
    kind: "hold",
    service: "web",
    to,
    from,
    mode: "serving",
  });
  for (const state of [before, serving]) {
    const found = httpRouters(state);
    assert.deepEqual(
      found.map(({ rule, service, redirects }) => [rule, service, redirects]),
      [
        [`${proxied}${forwarded}`, "web-r1@docker", false],
        [proxied, "web-r1@docker", false],
        [`Host(\`a.test\`)${forwarded}`, "nobody", true],
        ["Host(`a.test`)", "nobody", true],
      ],
    );
    const [first = 0, ...others] = found.map(({ priority }) => priority);
    assert.deepEqual(others, [first - 1, first - 1, first - 2]);
  }
  const waiting = changeRouting(before, { kind: "hold", service: "web", to, from, mode: "wait" });
  assert.deepEqual(
    httpRouters(waiting).map(({ rule, service }) => [rule, service]),
    [
      [`${proxied}${forwarded}`, "wait-web-r2-1-proxied-behind"],
      [proxied, "wait-web-r2-1-proxied"],
      [`Host(\`a.test\`)${forwarded}`, "nobody"],
      ["Host(`a.test`)", "nobody"],
    ],
  );
  const { trusted: _, ...untrusting } = secured;
  assert.deepEqual(
    httpRouters({ ...before, server: untrusting }).map(({ rule }) => rule),
    ["Host(`a.test`)"],
  );
  assert.deepEqual(traefikLabels(from, secured), traefikLabels(from, untrusting));
  assert.deepEqual(dockerRouterNames(from, secured), dockerRouterNames(from, untrusting));
});

test("clients behind a trusted proxy count by their own addresses, and the others by theirs", () => {
  const trusted = ["192.0.2.1", "198.51.100.0/24"];
  const spec = {
    allowIp: ["203.0.113.7"],
    rateLimit: { requests: 5, per: "s", burst: 5 },
  } as const;
  const web = release("web", 1, { routes: ["http://a.test"], spec });
  const { routers, middlewares } = dynamicConfig({
    server: { ...server, trusted },
    live: [web],
    switches: [],
  }).http;
  const { rule, middlewares: chain } = routers["https-web-r1-1-behind"] ?? {};
  assert.equal(rule, "Host(`a.test`) && HeaderRegexp(`X-Forwarded-For`, `.`)");
  assert.deepEqual(chain, [
    "web-r1-release",
    "web-r1-allow-behind",
    "web-r1-rate-behind",
    "web-r1-retry",
  ]);
  const ipStrategy = { excludedIPs: trusted };
  assert.deepEqual(middlewares["web-r1-allow-behind"], {
    ipAllowList: { sourceRange: ["203.0.113.7"], ipStrategy },
  });
  assert.deepEqual(middlewares["web-r1-rate-behind"], {
    rateLimit: { average: 5, period: "1s", burst: 5, sourceCriterion: { ipStrategy } },
  });
  assert.deepEqual(traefikLabels(web, { ...server, trusted }), traefikLabels(web, server));
});
