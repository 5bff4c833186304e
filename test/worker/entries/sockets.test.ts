import assert from "node:assert/strict";
import { statSync } from "node:fs";
import { createServer } from "node:http";
import { test } from "node:test";
import { lockState } from "../../../src/adapters/host/worker-lock.ts";
import { listen, listenings } from "../../../src/worker/entries/sockets.ts";
import { refusal, scratch } from "../../support/worker.ts";

const paths = { local: "/l", receiver: "/r", docker: "/d" };

test("sockets: systemd's are taken by name, when they are meant for this process", () => {
  const env = { LISTEN_PID: "7", LISTEN_FDS: "3", LISTEN_FDNAMES: "docker:local:receiver" };
  assert.deepEqual(listenings({ env, pid: 7, paths }), {
    local: { kind: "inherited", fd: 4 },
    receiver: { kind: "inherited", fd: 5 },
    docker: { kind: "inherited", fd: 3 },
  });
  assert.deepEqual(listenings({ env, pid: 8, paths }).local, { kind: "own", path: "/l" });
});

test("sockets: one that systemd did not pass is missed by name", async () => {
  const env = { LISTEN_PID: "7", LISTEN_FDS: "1", LISTEN_FDNAMES: "local" };
  assert.equal(
    await refusal(() => listenings({ env, pid: 7, paths })),
    "systemd: passed no socket named receiver, docker\nhint: repair the units, run: mypaas init",
  );
});

test("sockets: one on which somebody answers is left alone", async (t) => {
  const path = `${scratch(t)}/run/local.sock`;
  const access = { mode: 0o600, gid: undefined, isRoot: false };
  const first = createServer();
  t.after(() => first.close());
  await listen(first, { kind: "own", path }, access);
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.equal(
    await refusal(() => listen(createServer(), { kind: "own", path }, access)),
    `socket ${path}: another program answers on it\nhint: stop it first: systemctl stop mypaas-worker mypaas-local.socket mypaas-receiver.socket mypaas-docker.socket`,
  );
});

test("lock: a second worker is refused until the first is gone", async (t) => {
  const file = `${scratch(t)}/worker.lock`;
  const first = lockState(file);
  assert.equal(
    await refusal(() => lockState(file)),
    `${file}: another worker uses this state\nhint: stop it first: systemctl stop mypaas-worker`,
  );
  first.release();
  lockState(file).release();
});
