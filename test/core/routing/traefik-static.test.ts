import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { parse } from "yaml";
import { traefikApiAlias, traefikPaths, traefikPorts } from "../../../src/core/server/infra.ts";
import { traefikApiPort } from "../../../src/core/server/instance.ts";
import { acmeResolver } from "../../../src/core/routing/dynamic-config.ts";
import { traefikStatic } from "../../../src/core/routing/traefik-static.ts";

const template = await readFile(new URL("../../../traefik/traefik.yml", import.meta.url), "utf8");

test("the names and ports that the code speaks of stand in traefik.yml", () => {
  const { entryPoints, providers, certificatesResolvers } = parse(template);
  assert.deepEqual(
    {
      web: entryPoints.web.address,
      websecure: entryPoints.websecure.address,
      traefik: entryPoints.traefik.address,
      dynamic: providers.file.directory,
      docker: providers.docker.endpoint,
      acme: certificatesResolvers[acmeResolver].acme.storage,
    },
    {
      web: `:${traefikPorts.web}`,
      websecure: `:${traefikPorts.websecure}`,
      traefik: `${traefikApiAlias}:${traefikApiPort}`,
      dynamic: traefikPaths.dynamic,
      docker: `unix://${traefikPaths.docker}/docker.sock`,
      acme: `${traefikPaths.acme}/acme.json`,
    },
  );
});

test("an instance sees its own containers only, on its own network", () => {
  const { providers } = parse(traefikStatic(template, { instance: "demo" }));
  assert.equal(providers.docker.constraints, "Label(`mypaas.instance`, `demo`)");
  assert.equal(providers.docker.network, "demo");
  assert.equal(providers.docker.exposedByDefault, false);
});

test("certificates are asked for only where there is an email address", () => {
  const without = parse(traefikStatic(template, { instance: "demo" }));
  assert.equal(without.certificatesResolvers, undefined);
  const email = "a: b # c\n@example.com";
  const { acme } = parse(
    traefikStatic(template, { instance: "demo", email }),
  ).certificatesResolvers;
  assert.equal(acme.acme.email, email);
  assert.equal(acme.acme.keyType, "EC256");
});

test("the operator finds the comments of the template in the file", () => {
  assert.match(traefikStatic(template, { instance: "demo" }), /# Unprivileged ports/);
});

test("a template without a place for a value is a bug, not a silent default", () => {
  assert.throws(() => traefikStatic("providers: {}\n", { instance: "demo" }), {
    message: "traefik.yml has no providers.docker.constraints",
  });
});
