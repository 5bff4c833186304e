import assert from "node:assert/strict";
import { test } from "node:test";
import { createReplicas } from "../../../../src/adapters/engines/docker/replicas.ts";
import { startFakeDocker } from "../../../support/fake-docker.ts";

test("replicas are listed with how they are, oldest release first", async (t) => {
  const info = (id: string, release: number, replica: number, state: object, memory = 0) => ({
    Id: id,
    RestartCount: 4,
    State: { ExitCode: 0, Pid: 0, StartedAt: "0001-01-01T00:00:00Z", ...state },
    HostConfig: { Memory: memory },
    Config: {
      Labels: {
        "mypaas.service": "web",
        "mypaas.release": String(release),
        "mypaas.replica": String(replica),
      },
    },
  });
  const started = "2026-11-21T12:00:00.5Z";
  const running = { Status: "running", Pid: 12, StartedAt: started, Health: { Status: "healthy" } };
  const infos = {
    b: info("b", 3, 1, running, 1000),
    a: info("a", 2, 1, { Status: "exited", ExitCode: 137 }),
    c: info("c", 3, 0, { Status: "exited" }),
  };
  const docker = await startFakeDocker({
    "GET /containers/json": () => ({ body: [...Object.keys(infos), "gone"].map((Id) => ({ Id })) }),
    "GET /containers/*/json": ({ path }) => {
      const body = infos[path.split("/")[2] as keyof typeof infos];
      return body === undefined ? { status: 404, body: { message: "gone" } } : { body };
    },
  });
  t.after(docker.close);
  const readUsage = async (pid: number) => ({ cpuMs: pid, memoryBytes: 1 });
  const { socketPath } = docker;
  const replicas = createReplicas({ instance: "mypaas", socketPath, readUsage });
  const common = { service: "web", process: "web", replica: 1, restarts: 4 };
  const seen = await Promise.all(
    (await replicas()).map(async (one) => ({ ...one, usage: await one.usage() })),
  );
  assert.deepEqual(seen, [
    {
      ...common,
      id: "a",
      release: 2,
      state: "exited",
      health: undefined,
      exitCode: 137,
      startedAt: 0,
      usage: { cpuMs: 0, memoryBytes: 1 },
      memoryLimit: undefined,
    },
    {
      ...common,
      id: "b",
      release: 3,
      state: "running",
      health: "healthy",
      exitCode: 0,
      startedAt: Date.parse(started),
      usage: { cpuMs: 12, memoryBytes: 1 },
      memoryLimit: 1000,
    },
  ]);
});
