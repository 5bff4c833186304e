import assert from "node:assert/strict";
import { test } from "node:test";
import { createJail, jailOptions } from "../../../../src/adapters/engines/docker/jail.ts";
import { startFakeDocker } from "../../../support/fake-docker.ts";

const command = ["/usr/bin/git", "--version"];

test("a jail has no network, no capability, no user of the host and nothing to write but its memory", () => {
  const { HostConfig, ...options } = jailOptions("mypaas", { name: "try", image: "git", command });
  assert.deepEqual(options, {
    Image: "git",
    Hostname: "jail",
    Entrypoint: command,
    Cmd: [],
    Env: [],
    User: "65531:65531",
    Labels: { "mypaas.instance": "mypaas", "mypaas.role": "jail", "mypaas.jail": "try" },
    Tty: false,
    OpenStdin: true,
    StdinOnce: true,
    AttachStdin: true,
    AttachStdout: true,
    AttachStderr: true,
  });
  assert.deepEqual(HostConfig, {
    AutoRemove: true,
    NetworkMode: "none",
    ReadonlyRootfs: true,
    CapDrop: ["ALL"],
    SecurityOpt: ["no-new-privileges"],
    IpcMode: "none",
    Memory: 512 * 1024 * 1024,
    MemorySwap: 512 * 1024 * 1024,
    PidsLimit: 64,
    CpuShares: 128,
    OomScoreAdj: 500,
    Ulimits: [
      { Name: "core", Soft: 0, Hard: 0 },
      { Name: "nofile", Soft: 1024, Hard: 1024 },
      { Name: "fsize", Soft: 4 * 1024 ** 3, Hard: 4 * 1024 ** 3 },
    ],
    Tmpfs: {
      "/tmp": "rw,nosuid,nodev,noexec,size=67108864,mode=0700,uid=65531,gid=65531",
    },
    Mounts: [],
    LogConfig: { Type: "none", Config: {} },
  });
});

test("a jail gets the network, the mounts and the limits that are named, and no others", () => {
  const { HostConfig, Env } = jailOptions("mypaas", {
    name: "try",
    image: "git",
    command,
    env: { TOKEN: "x" },
    network: "mypaas-egress",
    mounts: [{ type: "bind", source: "/srv/repo", target: "/repo", readOnly: false }],
    tmpfs: { "/fetch": 1024 },
    memoryBytes: 2048,
    pids: 3,
    fileBytes: 512,
  });
  assert.deepEqual(Env, ["TOKEN=x"]);
  assert.equal(HostConfig?.NetworkMode, "mypaas-egress");
  assert.deepEqual(HostConfig?.Mounts, [
    { Type: "bind", Source: "/srv/repo", Target: "/repo", ReadOnly: false },
  ]);
  assert.deepEqual(Object.keys(HostConfig?.Tmpfs as object), ["/fetch"]);
  assert.deepEqual([HostConfig?.Memory, HostConfig?.MemorySwap], [2048, 2048]);
  assert.equal(HostConfig?.PidsLimit, 3);
  assert.deepEqual(HostConfig?.Ulimits?.at(-1), { Name: "fsize", Soft: 512, Hard: 512 });
});

test("what an earlier worker left of jails is removed, and nothing else", async (t) => {
  const docker = await startFakeDocker({
    "GET /containers/json": ({ query }) => {
      assert.deepEqual(JSON.parse(query.get("filters") ?? ""), {
        label: ["mypaas.instance=mypaas", "mypaas.role=jail"],
      });
      return { body: [{ Id: "one" }] };
    },
    "DELETE /containers/one": () => ({ status: 204 }),
  });
  t.after(docker.close);
  await createJail({ instance: "mypaas", socketPath: docker.socketPath }).sweep();
  assert.equal(docker.seen.at(-1), "DELETE /containers/one?force=true&v=true");
});
