import assert from "node:assert/strict";
import { test } from "node:test";
import type { Infra } from "../../../src/adapters/engines/docker/infra.ts";
import { awaitLabels, awaitReceiver, awaitTraefik } from "../../../src/cli/init/answering.ts";
import { reachable } from "../../../src/core/server/listening.ts";
import { wantedConfig } from "../../../src/cli/init/options.ts";

const unused = () => Promise.reject(new Error("not expected"));
const infra: Infra = {
  ensureNetwork: unused,
  inspectNetwork: () => Promise.resolve(undefined),
  ensureContainer: unused,
  removeNetwork: unused,
  listens: unused,
  labelledRouters: unused,
  removeContainer: unused,
  inspectImage: unused,
  pullImage: unused,
  buildImage: unused,
};
const owner = { name: "root", home: "/root" };
const more = { stateDir: "/s", before: undefined, server: "0123456789abcdef", owner, cwd: "/" };

/** Nothing listens on port 1 of loopback. */
function doors() {
  let time = 0;
  const sleep = () => Promise.resolve(void (time += 5000));
  const clock = { now: () => time, sleep };
  const config = wantedConfig({ bind: ["127.0.0.1"], httpsPort: 1 }, more);
  return { config, pin: "A".repeat(43), infra, clock, signal: new AbortController().signal };
}

test("a Traefik that never answers is an error with its logs at hand", async () => {
  await assert.rejects(awaitTraefik(doors()), {
    message:
      "traefik: does not answer within 30 s: container mypaas-traefik has no address, it may have stopped",
    hint: "see its log: docker logs mypaas-traefik",
  });
});

test("a receiver that never answers is an error with its logs at hand", async () => {
  await assert.rejects(awaitReceiver(doors()), {
    message: "receiver: does not answer within 30 s: connect ECONNREFUSED 127.0.0.1:1",
    hint: "see its log: docker logs mypaas-receiver",
  });
});

test("a new Traefik is not waited for where no container has a route, nor for ever", async () => {
  const routers = (names: readonly string[]) => ({
    ...doors(),
    infra: { ...infra, labelledRouters: () => Promise.resolve(names) },
  });
  assert.equal(await awaitLabels(routers([])), true);
  assert.equal(await awaitLabels(routers(["web-r1-1"])), false);
});

test("something bound to every address answers on loopback", () => {
  assert.equal(reachable("0.0.0.0"), "127.0.0.1");
  assert.equal(reachable("::"), "::1");
  assert.equal(reachable("10.0.0.1"), "10.0.0.1");
});
