import assert from "node:assert/strict";
import { test } from "node:test";
import { engineAddress, loginFor, registryHost } from "../../../src/core/server/registry.ts";

test("a registry has one name, in any spelling", () => {
  const cases: readonly (readonly [string, string | undefined])[] = [
    ["ghcr.io", "ghcr.io"],
    ["https://GHCR.io/", "ghcr.io"],
    ["https://index.docker.io/v1/", "docker.io"],
    ["registry-1.docker.io", "docker.io"],
    ["localhost:5000", "localhost:5000"],
    ["localhost", "localhost"],
    ["[::1]:5000", "[::1]:5000"],
    ["registry.example.com:5000/v2/", "registry.example.com:5000"],
    ["library", undefined],
    ["ghcr.io/ann/app", undefined],
    ["ann@ghcr.io", undefined],
    ["", undefined],
  ];
  for (const [text, host] of cases) assert.equal(registryHost(text), host, text);
  assert.equal(engineAddress("docker.io"), "https://index.docker.io/v1/");
  assert.equal(engineAddress("ghcr.io"), "ghcr.io");
});

test("a login is for its host and port alone", () => {
  const logins = [{ host: "docker.io" }, { host: "r.example.com:5000" }];
  const cases: readonly (readonly [string, string | undefined])[] = [
    ["registry-1.docker.io", "docker.io"],
    ["r.example.com:5000", "r.example.com:5000"],
    ["r.example.com", undefined],
    ["r.example.com:5001", undefined],
    ["evil-r.example.com:5000", undefined],
    ["r.example.com:5000.evil.com", undefined],
    ["docker.io.evil.com", undefined],
  ];
  for (const [asked, host] of cases) assert.equal(loginFor(logins, asked)?.host, host, asked);
});
