import assert from "node:assert/strict";
import { test } from "node:test";
import type { Change } from "../../../src/core/release/change.ts";
import { changesBetween } from "../../../src/core/release/changes.ts";
import type { Release } from "../../../src/core/release/release.ts";
import type { ServiceSpec } from "../../../src/core/release/spec.ts";
import { release } from "../../support/releases.ts";

type More = Parameters<typeof release>[2];

/** Release 1, or 2 out of the same image. */
const web = (number: number, more: More = {}): Release =>
  release("web", number, { routes: ["http://a.test"], image: "mypaas/web:r1", ...more });

const spec = (more: Partial<ServiceSpec>): More => ({ spec: more });
const env = (more: Readonly<Record<string, string>>): More => ({ env: more });
const setting = (key: string, from?: string, to?: string): Change => ({
  kind: "setting",
  key,
  ...(from !== undefined && { from }),
  ...(to !== undefined && { to }),
});
const data = { kind: "named", source: "data", target: "/data", readOnly: false } as const;
const home = { kind: "home", source: "up/load", target: "/up", readOnly: true } as const;
const dns = { ip: "127.0.0.1", hostPort: 53, containerPort: 5353, protocol: "udp" } as const;
const web6 = { ip: "::1", hostPort: 80, containerPort: 80, protocol: "tcp" } as const;

/** `NAME:/path VERSION` each. */
function secrets(written: readonly string[]): More {
  const all = written.map((one) => {
    const [, name = "", target = "", version = ""] = /^(.*):(.*) (.*)$/.exec(one) ?? [];
    return { name, target, version, source: `/s/${version}` };
  });
  return {
    secretFiles: all,
    spec: { secrets: all.map(({ name, target }) => ({ name, target })) },
  };
}

const cases: readonly [what: string, from: More, to: More, changes: readonly Change[]][] = [
  ["nothing", {}, {}, []],
  [
    "the image",
    {},
    { image: "mypaas/web:r2" },
    [{ kind: "image", from: "mypaas/web:r1", to: "mypaas/web:r2" }],
  ],
  ["the image's own init", {}, spec({ init: false }), [setting("init", undefined, "false")]],
  [
    "another size of /dev/shm",
    spec({ shmBytes: 2 ** 27 }),
    spec({ shmBytes: 2 ** 28 }),
    [setting("shm", "128m", "256m")],
  ],
  [
    "one limit of the kernel more, and one higher",
    spec({ ulimits: [{ name: "nofile", soft: 1, hard: 1 }] }),
    spec({
      ulimits: [
        { name: "nofile", soft: 1, hard: 2 },
        { name: "memlock", soft: -1, hard: -1 },
      ],
    }),
    [setting("ulimit", "nofile=1", "nofile=1:2, memlock=unlimited")],
  ],
  [
    "no port any more",
    {},
    { port: undefined, ...spec({ port: "none" }) },
    [setting("port", "3000")],
  ],
  [
    "a secret more, one with another value, one at another path, and one less",
    secrets(["A:/a 1", "B:/b 1", "C:/c 1"]),
    secrets(["A:/a 2", "B:/bb 1", "D:/d 1"]),
    [
      setting("secret /a", "A", "A with another value"),
      setting("secret /bb", undefined, "B"),
      setting("secret /d", undefined, "D"),
      setting("secret /b", "B"),
      setting("secret /c", "C"),
    ],
  ],
  [
    "a route more",
    {},
    { routes: ["http://a.test", "http://b.test/x"] },
    [{ kind: "route", how: "added", route: "http://b.test/x" }],
  ],
  [
    "a route less, and one moved to a path",
    { routes: ["http://a.test", "http://b.test"] },
    { routes: ["http://a.test/x"] },
    [
      { kind: "route", how: "added", route: "http://a.test/x" },
      { kind: "route", how: "removed", route: "http://a.test" },
      { kind: "route", how: "removed", route: "http://b.test" },
    ],
  ],
  [
    "https instead of http",
    {},
    { routes: ["https://a.test"] },
    [
      { kind: "route", how: "changed", from: "http://a.test", route: "https://a.test" },
      { kind: "certificate", host: "a.test" },
    ],
  ],
  [
    "http instead of https",
    { routes: ["https://a.test"] },
    {},
    [{ kind: "route", how: "changed", from: "https://a.test", route: "http://a.test" }],
  ],
  [
    "https beside http, and one certificate for two paths of a host",
    {},
    { routes: ["http://a.test", "https://a.test", "https://b.test/x", "https://b.test/y"] },
    [
      { kind: "route", how: "added", route: "https://a.test" },
      { kind: "route", how: "added", route: "https://b.test/x" },
      { kind: "route", how: "added", route: "https://b.test/y" },
      { kind: "certificate", host: "a.test" },
      { kind: "certificate", host: "b.test" },
    ],
  ],
  [
    "the order of routes",
    { routes: ["http://a.test", "http://b.test"] },
    { routes: ["http://b.test", "http://a.test"] },
    [],
  ],
  [
    "a route that another service has taken meanwhile",
    { yielded: [{ host: "a.test", path: "", https: false }] },
    {},
    [{ kind: "route", how: "added", route: "http://a.test" }],
  ],
  [
    "variables, by name only and without our own",
    env({ SAME: "1", TOKEN: "old secret", GONE: "x", MYPAAS_RELEASE: "1", PORT: "3000" }),
    env({ SAME: "1", TOKEN: "new secret", NEW: "y", MYPAAS_RELEASE: "2", PORT: "3000" }),
    [
      { kind: "env", how: "removed", name: "GONE" },
      { kind: "env", how: "added", name: "NEW" },
      { kind: "env", how: "changed", name: "TOKEN" },
    ],
  ],
  [
    "PORT along with the port, and PORT of somebody's own",
    { port: 3000, env: { PORT: "3000" } },
    { port: 4000, env: { PORT: "9999" } },
    [{ kind: "env", how: "added", name: "PORT" }, setting("port", "3000", "4000")],
  ],
  [
    "volumes",
    spec({ volumes: [data] }),
    spec({ volumes: [{ ...data, readOnly: true }, home] }),
    [
      { kind: "volume", how: "added", value: "data:/data:ro" },
      { kind: "volume", how: "added", value: "~/up/load:/up:ro" },
      { kind: "volume", how: "removed", value: "data:/data" },
    ],
  ],
  [
    "published ports",
    spec({ publish: [dns] }),
    spec({ publish: [web6] }),
    [
      { kind: "publish", how: "added", value: "[::1]:80:80" },
      { kind: "publish", how: "removed", value: "127.0.0.1:53:5353/udp" },
    ],
  ],
  [
    "0 to 2",
    spec({ scale: { kind: "replace" } }),
    spec({ scale: { kind: "roll", replicas: 2 } }),
    [setting("scale", "0", "2")],
  ],
  [
    "2 to 2 safe",
    spec({ scale: { kind: "roll", replicas: 2 } }),
    spec({ scale: { kind: "safe", replicas: 2 } }),
    [setting("scale", "2", "2 safe")],
  ],
  ["a worker process", {}, { port: undefined }, [setting("port", "3000")]],
  [
    "limits",
    spec({ maxCpu: 0.5, maxMemoryBytes: 256 * 1024 ** 2 }),
    spec({ maxMemoryBytes: 1024 ** 3 }),
    [setting("maxmem", "256m", "1g"), setting("maxcpu", "0.5")],
  ],
  [
    "healthcheck and timeouts",
    {},
    spec({
      healthcheck: { path: "/health", intervalMs: 10_000, timeoutMs: 500 },
      startTimeoutMs: 90_000,
      drainTimeoutMs: 120_000,
      stopTimeoutMs: 1_500,
    }),
    [
      setting("healthcheck", undefined, "/health 10s 500ms"),
      setting("start-timeout", "1m", "90s"),
      setting("drain-timeout", undefined, "2m"),
      setting("stop-timeout", "10s", "1500ms"),
    ],
  ],
  [
    "release command, target, prefix and build arguments",
    spec({ release: "node migrate.js", buildArgs: [{ name: "A", value: "1" }] }),
    spec({ target: "prod", stripPrefix: true, buildArgs: [{ name: "A", value: "2" }] }),
    [
      setting("strip-prefix", undefined, "true"),
      setting("target", undefined, "prod"),
      setting("release", "node migrate.js"),
      { kind: "build-arg", how: "changed", name: "A" },
    ],
  ],
];

for (const [what, from, to, changes] of cases)
  test(`changes: ${what}`, () => {
    assert.deepEqual(changesBetween(web(1, from), web(2, to)), changes);
  });

test("changes: a first release brings what somebody has chosen, and no timeouts", () => {
  const first = web(1, { routes: ["https://a.test"], env: { TOKEN: "secret" } });
  assert.deepEqual(changesBetween(undefined, first), [
    { kind: "image", to: "mypaas/web:r1" },
    { kind: "route", how: "added", route: "https://a.test" },
    { kind: "certificate", host: "a.test" },
    { kind: "env", how: "added", name: "TOKEN" },
    setting("scale", undefined, "1"),
    setting("port", undefined, "3000"),
  ]);
});
