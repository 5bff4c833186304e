import { execFileSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { changeRemotes } from "../../src/adapters/laptop/remotes.ts";
import { main } from "../../src/cli/main.ts";
import type { World } from "../../src/core/world.ts";
import { fakeWireServer, type FakeServerOptions } from "./fake-wire-server.ts";
import { fakeWorld } from "./world.ts";

/** A laptop with an SSH key that knows a server as `prod`; `run` is the command line in this process. */
export async function laptop(t: TestContext, options: FakeServerOptions) {
  const home = await mkdtemp(join(tmpdir(), "mypaas-laptop-"));
  t.after(() => rm(home, { recursive: true, force: true }));
  const key = join(home, "id");
  execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "me", "-f", key]);
  const fake = await fakeWireServer(t, { signed: true, ...options });
  const { origin, pin, port } = await fake.listenOnTls();
  const env = { PATH: process.env["PATH"], MYPAAS_KEY: key };
  const remote = { name: "prod", origin, server: "0123456789abcdef", pin, fingerprint: undefined };
  await changeRemotes({ env, home }, () => [remote]);
  const run = async (args: readonly string[], change: Partial<World> = {}) => {
    const world = fakeWorld({ home, args, ...change, env: { ...env, ...change.env } });
    const code = await main(world, { worker: async () => {} });
    return { code, out: world.out(), err: world.err() };
  };
  return { run, requests: fake.requests, port };
}
