import assert from "node:assert/strict";
import { test } from "node:test";
import { parse } from "yaml";
import { dynamicYaml } from "../../../src/core/routing/dynamic-yaml.ts";
import { dynamicConfig } from "../../../src/core/routing/dynamic-config.ts";

const server = { instance: "mypaas", httpsPort: 443 };

test("the text says what the configuration says, certificates of many lines included", () => {
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

test("a template bracket in a value is not executed as one", () => {
  const text = dynamicYaml({
    http: {
      routers: {},
      middlewares: { x: { stripPrefix: { prefixes: ['/{{ env "HOME" }}'] } } },
      services: {},
    },
  });
  assert.match(text, /\/\{\{"\{\{"\}\} env/);
});
