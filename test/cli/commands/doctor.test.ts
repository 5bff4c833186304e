import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { makeIdentity } from "../../../src/adapters/host/certificate.ts";
import { doctor } from "../../../src/cli/commands/doctor.ts";
import { lookWithoutWorker } from "../../../src/cli/connect/doctor-outside.ts";
import { UserError } from "../../../src/core/errors.ts";
import type { Check } from "../../../src/core/health/check.ts";
import { runCommand } from "../../support/command.ts";
import { fakeWireServer } from "../../support/fake-wire-server.ts";
import { fakeWorld } from "../../support/world.ts";

const now = Date.UTC(2026, 10, 21);
const fine: Check = { id: "disk", title: "disk", result: "ok", evidence: "much" };
const bad: Check = { id: "x", title: "x", result: "failed", evidence: "it", hint: "do" };

async function local(t: TestContext, checks: readonly Check[], more: object = {}) {
  const health = { version: "0.0.0", now, httpPort: 80, httpsPort: 443, checks, ...more };
  const fake = await fakeWireServer(t, { result: health });
  const { runDir } = await fake.listenOnSocket();
  const ran = await runCommand({ now: () => now }, (io) => doctor({ runDir }, io));
  const [answer] = ran.answers as { readonly json: { readonly checks: readonly Check[] } }[];
  return { code: ran.code, json: answer?.json };
}

test("the exit code is 1 as soon as one check failed, and 0 with warnings", async (t) => {
  assert.equal((await local(t, [fine])).code, 0);
  assert.equal((await local(t, [fine, { ...bad, result: "warning" }])).code, 0);
  const failed = await local(t, [fine, bad]);
  assert.equal(failed.code, 1);
  const { checks, ...counts } = failed.json ?? assert.fail();
  assert.deepEqual(counts, { failed: 1, warnings: 1 });
  assert.deepEqual(
    checks.map(({ id, result }) => [id, result]),
    [
      ["worker", "ok"],
      // The fake server is of another version.
      ["version", "warning"],
      ["clock", "ok"],
      ["disk", "ok"],
      ["x", "failed"],
    ],
  );
});

test("a clock that is far off fails", async (t) => {
  const { code, json } = await local(t, [], { now: now + 400_000 });
  assert.equal(code, 1);
  const clock = json?.checks.find(({ id }) => id === "clock");
  assert.equal(clock?.evidence, "the server is 6 min 40 s ahead, so requests are refused");
});

test("a host without a worker is examined as far as that goes", async (t) => {
  const runDir = await mkdtemp(join(tmpdir(), "mypaas-doctor-"));
  t.after(() => rm(runDir, { recursive: true }));
  const { code, answers } = await runCommand({}, (io) => doctor({ runDir }, io));
  assert.equal(code, 1);
  const [{ json }] = answers as [{ readonly json: { readonly checks: readonly Check[] } }];
  const [worker] = json.checks;
  assert.equal(worker?.evidence, `this machine: no mypaas worker at ${runDir}/local/local.sock`);
  assert.equal(json.checks.at(-1)?.result, "skipped");
});

test("a remote that is not known is no illness", async () => {
  const { error } = await runCommand({}, (io) => doctor({ remote: "nowhere" }, io));
  assert.equal(error?.message, 'remote "nowhere": not known here; known: none');
});

test("without a worker each step of the way to it is looked at: name, port, Traefik, receiver, clock", async () => {
  const identity = await makeIdentity("0123456789abcdef", now);
  const { certificate: cert, privateKey: key, pin } = identity;
  let type = "application/json";
  const server = createServer({ cert, key }, (_, answer) => {
    const headers = { "content-type": type, date: new Date(now - 60_000).toUTCString() };
    answer.writeHead(503, headers).end("{}");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const look = async (more: { readonly pin: string | undefined }) => {
    const origin = `https://127.0.0.1:${port}`;
    const remote = { origin, server: "0123456789abcdef", ...more };
    const outside = { host: "127.0.0.1", port, remote };
    const error = new UserError("prod: its worker is away", { code: "worker-away" });
    const world = fakeWorld({ now: () => now });
    const io = { world, json: false, say: () => {}, answer: () => {}, setRemoteName: () => {} };
    const found = await lookWithoutWorker(outside, error, io);
    return found.map(({ title, result, evidence }) => `${result} ${title}: ${evidence}`);
  };
  assert.deepEqual(await look({ pin }), [
    "failed worker: prod: its worker is away",
    "ok name of the server: 127.0.0.1 is 127.0.0.1",
    `ok https port from here: 127.0.0.1:${port} can be reached`,
    "ok Traefik and receiver: both answer, with this server's own key",
    "warning clock: the server is 59 s behind",
    "skipped the server itself: only its worker can check disks, services, DNS and the rest",
  ]);
  type = "text/plain";
  assert.equal(
    (await look({ pin }))[3],
    "failed Traefik and receiver: Traefik answers 503, but the receiver does not answer",
  );
  assert.equal(
    (await look({ pin: "A".repeat(43) }))[3],
    "failed Traefik and receiver: the certificate is not the server's own",
  );
  assert.equal(
    (await look({ pin: undefined }))[3],
    "skipped Traefik and receiver: the remote has no pin",
  );
  server.closeAllConnections();
  server.close();
  const [, , reach, traefik] = await look({ pin });
  assert.match(reach ?? "", /^failed https port from here: 127\.0\.0\.1:\d+: connect ECONNREFUSED/);
  assert.match(traefik ?? "", /^failed Traefik and receiver: connect ECONNREFUSED/);
});
