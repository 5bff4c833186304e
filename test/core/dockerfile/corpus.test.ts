import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { parseDockerfile } from "../../../src/core/dockerfile/parse.ts";
import { formatProblem } from "../../../src/core/dockerfile/problems.ts";
import type { ServiceSpec } from "../../../src/core/release/spec.ts";
import { specDefaults } from "../../support/releases.ts";

const nothing: Omit<ServiceSpec, "service" | "slug"> = {
  routes: [],
  stripPrefix: false,
  port: undefined,
  sticky: { kind: "off" },
  protocol: "http",
  answerTimeoutMs: undefined,
  auth: [],
  headers: [],
  allowIp: [],
  rateLimit: undefined,
  maxRequests: undefined,
  compress: false,
  scale: { kind: "replace" },
  volumes: [],
  env: [],
  publish: [],
  secrets: [],
  healthcheck: undefined,
  startTimeoutMs: 60_000,
  drainTimeoutMs: undefined,
  stopTimeoutMs: 10_000,
  maxCpu: undefined,
  maxMemoryBytes: undefined,
  init: true,
  shmBytes: undefined,
  ulimits: [],
  release: undefined,
  target: undefined,
  buildArgs: [],
  command: undefined,
  processes: [],
};

test("a field without a line, or in a release stored before the field existed, has its default", () => {
  assert.deepEqual(specDefaults, nothing);
});

const corpus: Readonly<Record<string, ServiceSpec>> = {
  "node-shop": {
    ...nothing,
    service: "shop",
    slug: "shop",
    routes: [
      { host: "shop.example.com", path: "", https: true },
      { host: "example.com", path: "/shop", https: true },
    ],
    port: 3000,
    scale: { kind: "roll", replicas: 3 },
    healthcheck: { path: "/healthz", intervalMs: 5000, timeoutMs: 2000 },
    env: [
      { name: "SESSION_SECRET", value: undefined },
      { name: "GREETING", value: "good morning" },
      { name: "FEATURES", value: "search,cart=2" },
    ],
    buildArgs: [{ name: "COMMIT", value: "unknown" }],
  },
  "python-heredocs": {
    ...nothing,
    service: "api.eu",
    slug: "api-eu",
    routes: [
      { host: "api.example.com", path: "/v1", https: true },
      { host: "status.example.com", path: "", https: false },
    ],
    port: 8000,
    startTimeoutMs: 120_000,
  },
  "windows-backtick": {
    ...nothing,
    service: "intranet",
    slug: "intranet",
    routes: [{ host: "intranet.corp.example", path: "", https: false }],
    port: 8080,
    maxCpu: 0.5,
    maxMemoryBytes: 512 * 2 ** 20,
  },
  postgres: {
    ...nothing,
    service: "db",
    slug: "db",
    volumes: [
      { kind: "named", source: "data", target: "/var/lib/postgresql/data", readOnly: false },
      { kind: "home", source: "backups/db", target: "/backups", readOnly: true },
    ],
    publish: [
      { ip: "127.0.0.1", hostPort: 5432, containerPort: 5432, protocol: "tcp" },
      { ip: "::1", hostPort: 5432, containerPort: 5432, protocol: "tcp" },
    ],
    env: [{ name: "POSTGRES_PASSWORD", value: undefined }],
    stopTimeoutMs: 60_000,
    maxMemoryBytes: 2 ** 30,
  },
  worker: {
    ...nothing,
    service: "mail-worker",
    slug: "mail-worker",
    scale: { kind: "safe", replicas: 4 },
    drainTimeoutMs: 500,
    release: `"./manage" migrate --to "latest"`,
    target: "RUNTIME",
  },
};

const variants: Readonly<Record<string, (text: string) => string>> = {
  "as it is": (text) => text,
  "with CRLF": (text) => text.replaceAll("\n", "\r\n"),
  "with a BOM": (text) => `\ufeff${text}`,
  "with a BOM and CRLF": (text) => `\ufeff${text.replaceAll("\n", "\r\n")}`,
  "without an end of line at the end": (text) => text.trimEnd(),
};

for (const [name, spec] of Object.entries(corpus)) {
  for (const [variant, change] of Object.entries(variants)) {
    test(`${name}.Dockerfile ${variant} is read as it is meant`, async () => {
      const folder = new URL("../../corpus/dockerfiles/", import.meta.url);
      const text = await readFile(new URL(`${name}.Dockerfile`, folder), "utf8");
      const parsed = parseDockerfile(Buffer.from(change(text)), "Dockerfile");
      assert.deepEqual(parsed.problems.map(formatProblem), []);
      assert.deepEqual(parsed.spec, spec);
    });
  }
}
