import assert from "node:assert/strict";
import { test } from "node:test";
import { parse } from "yaml";
import { dynamicYaml, withCertificate } from "../../../src/core/routing/dynamic-yaml.ts";
import { dynamicConfig } from "../../../src/core/routing/dynamic-config.ts";

const server = { instance: "mypaas", httpsPort: 443 };

test("the YAML text equals the configuration, multi-line certificates included", () => {
  const cert = "-----BEGIN CERTIFICATE-----\nAAAA\nBBBB\n-----END CERTIFICATE-----\n";
  const config = dynamicConfig({
    server: { ...server, certificate: { cert, key: cert } },
    live: [],
    switches: [],
  });
  const { middlewares, ...http } = config.http;
  assert.deepEqual(middlewares, {});
  // Traefik refuses an empty section, and with it the file.
  assert.deepEqual(parse(dynamicYaml(config)), { ...config, http });
});

test("a new default certificate replaces the old one, and nothing else changes", () => {
  const facts = (cert: string) => ({ ...server, certificate: { cert, key: `${cert} key` } });
  const file = (cert: string) =>
    dynamicYaml(dynamicConfig({ server: facts(cert), live: [], switches: [] }));
  const [before, after] = [file("OLD\nPEM\n"), file("NEW\nPEM\n")];
  const pair = { cert: "NEW\nPEM\n", key: "NEW\nPEM\n key" };
  assert.deepEqual(parse(withCertificate(before, pair) ?? ""), parse(after));
  assert.equal(withCertificate(after, pair), undefined);
  assert.equal(withCertificate("{ not: [yaml", pair), undefined);
});

test("a template bracket in a value is not executed", () => {
  const text = dynamicYaml({
    http: {
      routers: {},
      middlewares: { x: { stripPrefix: { prefixes: ['/{{ env "HOME" }}'] } } },
      services: {},
    },
  });
  assert.match(text, /\/\{\{"\{\{"\}\} env/);
});
