import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { parseDockerfile } from "../../../src/core/dockerfile/parse.ts";
import type { Release } from "../../../src/core/release/release.ts";
import {
  dockerRouterNames,
  healthHost,
  ownLabels,
  traefikLabels,
} from "../../../src/core/routing/labels.ts";
import { release } from "../../support/releases.ts";

const server = { instance: "mypaas", httpsPort: 443 };

test("a plain route becomes one router with its own service and middlewares", () => {
  assert.deepEqual(traefikLabels(release("web", 43, { routes: ["http://a.test"] }), server), {
    "traefik.enable": "true",
    "traefik.docker.network": "mypaas",
    "traefik.http.routers.web-r43-1.entryPoints": "web",
    "traefik.http.routers.web-r43-1.rule": "Host(`a.test`)",
    "traefik.http.routers.web-r43-1.priority": "1000000043",
    "traefik.http.routers.web-r43-1.service": "web-r43",
    "traefik.http.routers.web-r43-1.middlewares": "web-r43-release,web-r43-retry",
    "traefik.http.middlewares.web-r43-release.headers.customResponseHeaders.X-Mypaas-Release":
      "web/43",
    "traefik.http.middlewares.web-r43-retry.retry.attempts": "3",
    "traefik.http.middlewares.web-r43-retry.retry.initialInterval": "100ms",
    "traefik.http.services.web-r43.loadBalancer.server.port": "3000",
  });
});

/** Labels that a release has beside those of the plain route, without the common beginning. */
const extra: readonly (readonly [string, Release, number, Record<string, string | undefined>])[] = [
  [
    "an https route has tls on its router, and a second router that answers on http until the certificate is there",
    release("web", 1, { routes: ["https://a.test"] }),
    443,
    {
      "routers.web-r1-1.entryPoints": "websecure",
      "routers.web-r1-1.tls": "true",
      "routers.web-r1-1.tls.certresolver": undefined,
      "routers.web-r1-1-http.entryPoints": "web",
      "routers.web-r1-1-http.tls": undefined,
      "routers.web-r1-1-http.middlewares": "web-r1-release,web-r1-retry",
      "middlewares.web-r1-https.redirectScheme.scheme": undefined,
      "middlewares.web-r1-hsts.headers.customResponseHeaders.Strict-Transport-Security": undefined,
    },
  ],
  [
    "a place with a route of its own on http is not redirected",
    release("web", 1, { routes: ["https://a.test", "http://a.test"] }),
    443,
    { "routers.web-r1-1-http.rule": undefined, "routers.web-r1-2.entryPoints": "web" },
  ],
  [
    "a path matches itself and what is below it, and longer paths come first",
    release("web", 1, { routes: ["http://a.test/api", "http://*.a.test/api"] }),
    443,
    {
      "routers.web-r1-1.rule": "Host(`a.test`) && (Path(`/api`) || PathPrefix(`/api/`))",
      "routers.web-r1-1.priority": "1004000001",
      "routers.web-r1-2.rule": "Host(`*.a.test`) && (Path(`/api`) || PathPrefix(`/api/`))",
      "routers.web-r1-2.priority": "5000001",
    },
  ],
  [
    "each route strips its own path",
    release("web", 1, {
      routes: ["http://a.test/x", "http://a.test", "http://a.test/x,y.z"],
      spec: { stripPrefix: true },
    }),
    443,
    {
      "middlewares.web-r1-strip-1.stripPrefix.prefixes": "/x",
      "routers.web-r1-1.middlewares": "web-r1-release,web-r1-strip-1,web-r1-retry",
      "routers.web-r1-2.middlewares": "web-r1-release,web-r1-retry",
      "middlewares.web-r1-strip-3.stripPrefixRegex.regex": String.raw`^/x\x2cy\.z`,
    },
  ],
  [
    "a sticky release has a load balancer of its own for https, whose cookie is Secure",
    release("web", 7, { routes: ["https://a.test"], spec: { sticky: { kind: "on" } } }),
    443,
    {
      "routers.web-r7-1.service": "web-r7-secure",
      "routers.web-r7-1-http.service": "web-r7",
      "services.web-r7-secure.loadBalancer.server.port": "3000",
      "services.web-r7-secure.loadBalancer.sticky.cookie.name": "__Host-mypaas-web",
      "services.web-r7-secure.loadBalancer.sticky.cookie.httpOnly": "true",
      "services.web-r7-secure.loadBalancer.sticky.cookie.sameSite": "lax",
      "services.web-r7-secure.loadBalancer.sticky.cookie.secure": "true",
      "services.web-r7.loadBalancer.server.port": "3000",
      "services.web-r7.loadBalancer.sticky.cookie.name": "mypaas-web",
      "services.web-r7.loadBalancer.sticky.cookie.secure": "false",
    },
  ],
  [
    "a cookie keeps its name across releases, and a name of the user's is taken as it is",
    release("web", 8, {
      routes: ["http://a.test", "https://b.test"],
      spec: { sticky: { kind: "named", cookie: "SRV" } },
    }),
    443,
    {
      "services.web-r8-secure.loadBalancer.sticky.cookie.name": "SRV",
      "services.web-r8.loadBalancer.sticky.cookie.name": "SRV",
    },
  ],
  [
    "a service that speaks h2c is asked so, and so is its health",
    release("web", 1, {
      routes: ["http://a.test"],
      spec: {
        protocol: "h2c",
        healthcheck: { path: "/up", intervalMs: 5_000, timeoutMs: 900 },
      },
    }),
    443,
    {
      "services.web-r1.loadBalancer.server.scheme": "h2c",
      "routers.web-r1-1.middlewares": "web-r1-release",
      "middlewares.web-r1-retry.retry.attempts": undefined,
      "services.web-r1.loadBalancer.healthCheck.path": "/up",
      "services.web-r1.loadBalancer.healthCheck.mode": undefined,
      "services.web-r1.loadBalancer.sticky.cookie.name": undefined,
    },
  ],
  [
    "gRPC's own health method is asked as gRPC",
    release("web", 1, {
      routes: ["http://a.test"],
      spec: {
        protocol: "h2c",
        healthcheck: { path: "/grpc.health.v1.Health/Check", intervalMs: 5_000, timeoutMs: 900 },
      },
    }),
    443,
    { "services.web-r1.loadBalancer.healthCheck.mode": "grpc" },
  ],
  [
    "a timeout is the name of a transport in the dynamic file",
    release("web", 1, { routes: ["http://a.test"], spec: { answerTimeoutMs: 30_000 } }),
    443,
    { "services.web-r1.loadBalancer.serversTransport": "answer-30000ms@file" },
  ],
  [
    "keys about requests become middlewares: the release header outermost, passwords in no label",
    release("web", 1, {
      routes: ["http://a.test/x"],
      spec: {
        stripPrefix: true,
        auth: ["ann"],
        headers: [
          { name: "X-A", value: "a, b" },
          { name: "Server", value: "" },
        ],
        allowIp: ["10.0.0.0/8", "2001:db8::/32"],
        rateLimit: { requests: 20, per: "m", burst: 50 },
        maxRequests: 9,
        compress: true,
      },
    }),
    443,
    {
      "routers.web-r1-1.middlewares":
        "web-r1-release,web-r1-header,web-r1-allow,web-r1-rate,web-r1-auth@file,web-r1-at-once,web-r1-compress,web-r1-strip-1,web-r1-retry",
      "middlewares.web-r1-header.headers.customResponseHeaders.X-A": "a, b",
      "middlewares.web-r1-header.headers.customResponseHeaders.Server": "",
      "middlewares.web-r1-allow.ipAllowList.sourceRange": "10.0.0.0/8,2001:db8::/32",
      "middlewares.web-r1-rate.rateLimit.average": "20",
      "middlewares.web-r1-rate.rateLimit.period": "1m",
      "middlewares.web-r1-rate.rateLimit.burst": "50",
      "middlewares.web-r1-rate.rateLimit.sourceCriterion.ipStrategy.ipv6Subnet": "64",
      "middlewares.web-r1-at-once.inFlightReq.amount": "9",
      "middlewares.web-r1-at-once.inFlightReq.sourceCriterion.requestHeaderName":
        "X-Forwarded-Server",
      "middlewares.web-r1-compress.compress.excludedContentTypes": "text/event-stream",
      "middlewares.web-r1-auth.basicAuth.users": undefined,
    },
  ],
  [
    "a redirect leads to https only where its place has a certificate",
    release("web", 1, { routes: ["https://a.test", "https://www.a.test>https://a.test"] }),
    8443,
    {
      "routers.web-r1-2.middlewares": "web-r1-release,web-r1-to-2-websecure",
      "routers.web-r1-2-http.middlewares": "web-r1-release,web-r1-to-2-web",
      "middlewares.web-r1-to-2-web.redirectRegex.replacement": "http://a.test${1}/${2}",
      "middlewares.web-r1-to-2-web.redirectRegex.permanent": "false",
    },
  ],
  [
    "a health check asks the first domain and returns soon to a replica that was booting",
    release("web", 1, {
      routes: ["http://*.a.test"],
      spec: { healthcheck: { path: "/up", intervalMs: 5_000, timeoutMs: 900 } },
    }),
    443,
    {
      "services.web-r1.loadBalancer.healthCheck.path": "/up",
      "services.web-r1.loadBalancer.healthCheck.hostname": "www.a.test",
      "services.web-r1.loadBalancer.healthCheck.interval": "5000ms",
      "services.web-r1.loadBalancer.healthCheck.unhealthyInterval": "250ms",
      "services.web-r1.loadBalancer.healthCheck.timeout": "900ms",
      "services.web-r1.loadBalancer.healthCheck.followRedirects": "false",
    },
  ],
];

for (const [title, one, httpsPort, expected] of extra)
  test(title, () => {
    const labels = traefikLabels(one, { ...server, httpsPort });
    for (const [name, value] of Object.entries(expected))
      assert.equal(labels[`traefik.http.${name}`], value, name);
  });

test("a release without route or port is disabled for Traefik", () => {
  const off = { "traefik.enable": "false" };
  assert.deepEqual(traefikLabels(release("worker", 1, { port: undefined }), server), off);
  assert.deepEqual(traefikLabels(release("db", 1), server), off);
});

test("a dot in a service name never gets into a label key", () => {
  const labels = traefikLabels(release("docs.v2", 1, { routes: ["http://a.test"] }), server);
  assert.equal(labels["traefik.http.routers.docs-v2-r1-1.service"], "docs-v2-r1");
  const header = "traefik.http.middlewares.docs-v2-r1-release.headers.customResponseHeaders";
  assert.equal(labels[`${header}.X-Mypaas-Release`], "docs.v2/1");
});

test("replicas differ in the number of the replica only", () => {
  const one = release("web", 43);
  const { "mypaas.replica": first, ...rest } = ownLabels(one, 1);
  const { "mypaas.replica": second, ...same } = ownLabels(one, 2);
  assert.deepEqual([first, second, rest], ["1", "2", same]);
  assert.match(rest["mypaas.spec"] ?? "", /^[0-9a-f]{64}$/);
  const { "mypaas.spec": _, ...words } = rest;
  assert.deepEqual(words, {
    "mypaas.instance": "mypaas",
    "mypaas.role": "service",
    "mypaas.service": "web",
    "mypaas.release": "43",
  });
});

/** The digests of version 0.1.0, which running containers carry. */
const digests = {
  "node-shop": "68dd2c8bfb0c03180159e2f417d898622bf9ff0262fd0c53e9bfb725ff5dec49",
  postgres: "8695d9113e8bf1c157f191906bd33263363e0312da9f997cf6ed64ae2821919e",
  "windows-backtick": "9e26da9fe2e1b71629f913b6916380d5cf131f6be6e5efd14ce0d9779de36161",
  worker: "96108d1c161303a1b455c8a7adf429299375e6a67fc79f928cd4d0a58173333f",
};

for (const [name, digest] of Object.entries(digests))
  test(`the digest of the spec of ${name}.Dockerfile is the one of earlier versions`, async () => {
    const file = new URL(`../../corpus/dockerfiles/${name}.Dockerfile`, import.meta.url);
    const { spec } = parseDockerfile(await readFile(file), "Dockerfile");
    assert.ok(spec);
    assert.equal(ownLabels(release(name, 1, { spec }), 1)["mypaas.spec"], digest);
  });

test("the digest does not depend on the order in which a spec was read", () => {
  const one = release("web", 1, { routes: ["http://a.test"] });
  const entries = Object.entries(one.spec).toReversed();
  const turned = { ...one, spec: Object.fromEntries(entries) as unknown as Release["spec"] };
  assert.notEqual(JSON.stringify(turned.spec), JSON.stringify(one.spec));
  assert.equal(ownLabels(turned, 1)["mypaas.spec"], ownLabels(one, 1)["mypaas.spec"]);
});

test("environment values never stand in a label", () => {
  const secret = release("web", 1, {
    routes: ["http://a.test"],
    env: { TOKEN: "s3cret-value" },
    spec: { env: [{ name: "TOKEN", value: "s3cret-value" }] },
  });
  const labels = { ...ownLabels(secret, 1), ...traefikLabels(secret, server) };
  assert.ok(!JSON.stringify(labels).includes("s3cret-value"));
});

test("router names are those of Traefik's API", () => {
  const one = release("web", 2, { routes: ["https://a.test", "http://b.test"] });
  assert.deepEqual(dockerRouterNames(one, server), [
    "web-r2-1@docker",
    "web-r2-1-http@docker",
    "web-r2-2@docker",
  ]);
  assert.equal(healthHost(one.spec), "a.test");
  assert.equal(healthHost(release("db", 1).spec), undefined);
});
