import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { parse } from "yaml";
import { traefikApiAlias, traefikPaths, traefikPorts } from "../../../src/core/server/infra.ts";
import { traefikApiPort } from "../../../src/core/server/instance.ts";
import {
  dnsResolver,
  httpResolver,
  letsEncrypt,
  letsEncryptStaging,
} from "../../../src/core/server/acme.ts";
import { saysTheSame, traefikStatic } from "../../../src/core/routing/traefik-static.ts";

const template = await readFile(new URL("../../../traefik/traefik.yml", import.meta.url), "utf8");

test("traefik.yml has the names and ports of the code", () => {
  const { entryPoints, providers, certificatesResolvers } = parse(template);
  assert.deepEqual(
    {
      web: entryPoints.web.address,
      websecure: entryPoints.websecure.address,
      traefik: entryPoints.traefik.address,
      dynamic: providers.file.directory,
      docker: providers.docker.endpoint,
      resolvers: Object.keys(certificatesResolvers),
      acme: certificatesResolvers[httpResolver].acme.storage,
      server: certificatesResolvers[httpResolver].acme.caServer,
      ca: certificatesResolvers[httpResolver].acme.caCertificates,
      challenge: certificatesResolvers[httpResolver].acme.httpChallenge,
    },
    {
      web: `:${traefikPorts.web}`,
      websecure: `:${traefikPorts.websecure}`,
      traefik: `${traefikApiAlias}:${traefikApiPort}`,
      dynamic: traefikPaths.dynamic,
      docker: `unix://${traefikPaths.docker}/docker.sock`,
      resolvers: [httpResolver, dnsResolver],
      acme: `${traefikPaths.acme}/acme.json`,
      server: letsEncrypt,
      ca: [traefikPaths.acmeCa],
      challenge: { entryPoint: "web" },
    },
  );
});

test("an instance sees its own containers only, on its own network", () => {
  const { providers } = parse(traefikStatic(template, { instance: "demo" }));
  assert.equal(providers.docker.constraints, "Label(`mypaas.instance`, `demo`)");
  assert.equal(providers.docker.network, "demo");
  assert.equal(providers.docker.exposedByDefault, false);
});

const email = "a: b # c\n@example.com";
const production = {
  email,
  caServer: letsEncrypt,
  storage: "/acme/acme.json",
  keyType: "EC256",
  certificatesDuration: 2160,
};
const http = { httpChallenge: { entryPoint: "web" } };
const pebble = {
  server: "https://ca.test:14000/dir",
  hasCa: true,
  lifetimeHours: 24,
  dnsProvider: "httpreq",
};
const ofPebble = {
  ...production,
  caServer: pebble.server,
  caCertificates: ["/etc/mypaas/acme-ca.pem"],
  storage: "/acme/ca.test-14000-a0b46e77.json",
  certificatesDuration: 24,
};
const resolverCases: readonly (readonly [
  string,
  Omit<Parameters<typeof traefikStatic>[1], "instance">,
  object | undefined,
])[] = [
  ["nobody is asked without an email address", { acme: pebble }, undefined],
  ["Let's Encrypt is asked with one", { email }, { acme: { acme: { ...production, ...http } } }],
  [
    "its staging server has a file of its own",
    { email, acme: { server: letsEncryptStaging, hasCa: false, lifetimeHours: 2160 } },
    {
      acme: {
        acme: {
          ...production,
          ...http,
          caServer: letsEncryptStaging,
          storage: "/acme/acme-staging-v02.api.letsencrypt.org.json",
        },
      },
    },
  ],
  [
    "another CA may have a certificate of its own, and a DNS provider proves names",
    { email, acme: pebble },
    {
      acme: { acme: { ...ofPebble, ...http } },
      "acme-dns": { acme: { ...ofPebble, dnsChallenge: { provider: "httpreq" } } },
    },
  ],
  [
    "DNS servers of one's own are asked about its records, and nobody else",
    { email, acme: pebble, resolvers: ["10.0.0.2", "::1", "10.0.0.3:5353"] },
    {
      acme: { acme: { ...ofPebble, ...http } },
      "acme-dns": {
        acme: {
          ...ofPebble,
          dnsChallenge: {
            provider: "httpreq",
            resolvers: ["10.0.0.2:53", "[::1]:53", "10.0.0.3:5353"],
            propagation: { disableANSChecks: true },
          },
        },
      },
    },
  ],
];

for (const [title, config, expected] of resolverCases)
  test(`certificates: ${title}`, () => {
    const { certificatesResolvers } = parse(
      traefikStatic(template, { instance: "demo", ...config }),
    );
    assert.deepEqual(certificatesResolvers, expected);
  });

test("the operator finds the comments of the template in the file", () => {
  assert.match(traefikStatic(template, { instance: "demo" }), /# Unprivileged ports/);
});

test("a template without a place for a value is a bug, not a silent default", () => {
  assert.throws(() => traefikStatic("providers: {}\n", { instance: "demo" }), {
    message: "traefik.yml has no providers.docker.constraints",
  });
});

test("comments, quotes and what is counted say nothing, values and broken files do", () => {
  const written = traefikStatic(template, { instance: "demo" });
  for (const [other, isSame] of [
    [written, true],
    [`# new words\n${written.replace(/ +# .*/g, "")}`, true],
    [written.replace("addServicesLabels: true", "addServicesLabels: false"), true],
    [traefikStatic(template, { instance: "other" }), false],
    [`${written}\nlog:\n  level: DEBUG\n`, false],
    ["'", false],
    ["", false],
  ] as const)
    assert.equal(saysTheSame(written, other), isSame, other.slice(0, 40));
});

const entryPointsOf = (...args: Parameters<typeof traefikStatic>) => {
  const { entryPoints } = parse(traefikStatic(...args));
  assert.deepEqual({ ...entryPoints.web, address: "" }, { ...entryPoints.websecure, address: "" });
  return entryPoints.web;
};

test("a server as 0.1.0 set it up trusts nobody, has no relay, and cleans paths", () => {
  assert.deepEqual(entryPointsOf(template, { instance: "demo" }), {
    address: ":8000",
    forwardedHeaders: { insecure: false },
    http: { aliasHeadersStrategy: "delete" },
    transport: { respondingTimeouts: { readTimeout: "1h" } },
  });
});

test("only the relay may speak the PROXY protocol, and only named proxies may forward headers", () => {
  const config = { instance: "demo", trustProxy: ["10.0.0.0/8"], urls: "kept" } as const;
  const gateways = { relay: "172.20.0.1", services: "172.18.0.1" };
  const { proxyProtocol, forwardedHeaders, http } = entryPointsOf(template, config, gateways);
  assert.deepEqual(proxyProtocol, { trustedIPs: ["172.20.0.1"] });
  assert.deepEqual(forwardedHeaders, { insecure: false, trustedIPs: ["10.0.0.0/8"] });
  assert.deepEqual(http, {
    aliasHeadersStrategy: "delete",
    sanitizePath: false,
    encodeQuerySemicolons: true,
  });
});

test("a proxy on the server itself comes from the gateway of the services' network", () => {
  const config = { instance: "demo", trustProxy: ["127.0.0.1"] };
  const { forwardedHeaders } = entryPointsOf(template, config, { services: "172.18.0.1" });
  assert.deepEqual(forwardedHeaders.trustedIPs, ["127.0.0.1", "::1", "172.18.0.1"]);
});
