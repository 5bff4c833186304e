import assert from "node:assert/strict";
import { test } from "node:test";
import { missing, missingError, type Facts } from "../../../src/cli/init/checks.ts";
import { noKeyError } from "../../../src/cli/init/keys.ts";
import { UserError } from "../../../src/core/errors.ts";

const fine: Facts = {
  uid: 0,
  os: "linux",
  node: "24.12.0",
  engine: { api: "1.41" },
  hasSystemd: true,
  disks: [{ path: "/var/lib/mypaas", free: 2_000_000_000 }],
  taken: [],
  lacksForGit: [],
  noKey: undefined,
};
const down = new UserError("docker: not running, no answer on /var/run/docker.sock", {
  hint: "start it: systemctl start docker",
});
const taken = {
  option: "http-port",
  address: "0.0.0.0",
  port: 80,
  holder: "nginx (pid 812)",
} as const;

test("a machine that has everything misses nothing", () => {
  assert.deepEqual(missing(fine), []);
  assert.deepEqual(
    missing({ ...fine, node: "26.0.1", engine: { api: "1.51" }, hasSystemd: undefined }),
    [],
  );
});

test("each thing that is missing is said with the way out", () => {
  const cases: readonly (readonly [Partial<Facts>, string, string])[] = [
    [
      { os: "darwin" },
      "system: should be Linux, got darwin",
      "run mypaas init on the server itself",
    ],
    [{ uid: 1000 }, "user: should be root, got user id 1000", "run: sudo mypaas init"],
    [
      { node: "24.11.9" },
      "node: should be 24.12 or newer, got 24.11.9",
      'install Node 24, then mypaas again, see "Five minutes" in README.md',
    ],
    [
      { node: "20.1.0" },
      "node: should be 24.12 or newer, got 20.1.0",
      'install Node 24, then mypaas again, see "Five minutes" in README.md',
    ],
    [{ engine: down }, down.message, "start it: systemctl start docker"],
    [
      { engine: { api: "1.9" } },
      "docker: should speak API 1.41 (Docker 20.10) or newer, got 1.9",
      "upgrade it, on Debian and Ubuntu: apt-get install docker.io",
    ],
    [
      { lacksIPv6: "::" },
      "address ::: this machine has no IPv6",
      "listen on IPv4 alone: mypaas init --bind 0.0.0.0",
    ],
    [
      { hasSystemd: false },
      "systemd: is not running on this machine",
      "run: mypaas init --no-systemd, and start the worker yourself",
    ],
    [
      { disks: [{ path: "/x", free: 1_200_000_000 }] },
      "disk: 1.2 GB free at /x, mypaas needs 2 GB",
      "make room, see what Docker could give back: docker system df",
    ],
    [
      { taken: [taken] },
      "port 0.0.0.0:80: held by nginx (pid 812)",
      "stop it, or choose another port: mypaas init --http-port PORT",
    ],
    [
      { noKey: noKeyError("/root", []) },
      "keys: none to enrol, /root/.ssh/authorized_keys has none without options",
      "copy your public key here, then run: mypaas init --key FILE",
    ],
  ];
  for (const [change, message, hint] of cases) {
    const found = missing({ ...fine, ...change });
    assert.deepEqual(found, [{ message, hint }]);
    const { message: said, hint: way, details } = missingError(found);
    assert.deepEqual({ said, way, details }, { said: message, way: hint, details: [] });
  }
});

test("everything that is missing is said at once", () => {
  const error = missingError(missing({ ...fine, uid: 1000, engine: down, taken: [taken] }));
  assert.equal(error.message, "init: 3 things are missing, nothing was changed");
  assert.deepEqual(error.details, [
    "user: should be root, got user id 1000",
    "  hint: run: sudo mypaas init",
    "docker: not running, no answer on /var/run/docker.sock",
    "  hint: start it: systemctl start docker",
    "port 0.0.0.0:80: held by nginx (pid 812)",
    "  hint: stop it, or choose another port: mypaas init --http-port PORT",
  ]);
  assert.equal(error.hint, "fix them, then run the same command again");
});
