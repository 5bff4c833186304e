import { spawnSync } from "node:child_process";
import { globSync } from "node:fs";
import { dirname, join } from "node:path";
import { ensureDocker } from "./machine/docker.ts";
import { ensureNodeImage, ensureTraefikImage } from "./machine/images.ts";
import { installPackages } from "./machine/packages.ts";
import { has } from "./machine/run.ts";

/** Runs the end-to-end suites, all or those whose names are given, one after another on a machine that it prepares. */
const root = dirname(import.meta.dirname);
const wanted = process.argv.slice(2);
const suites = globSync("test/e2e/*.test.ts", { cwd: root })
  .toSorted()
  .filter((file) => wanted.length === 0 || wanted.some((name) => file.includes(name)));

// `node --test` without a file would run everything there is.
if (suites.length === 0) {
  console.error(`no suite is called ${wanted.join(" or ")}, see test/e2e`);
  process.exit(2);
}

/** Program, Debian package, what the suites do with it. */
const tools = [
  ["ssh-keygen", "openssh-client", "signs"],
  ["docker-registry", "docker-registry", "a registry that wants tokens"],
  ["pebble", "pebble", "a certificate authority that speaks ACME"],
  ["debootstrap", "debootstrap", "makes a server with systemd"],
  ["git", "git", "fetches, and is the forge of the tests"],
  ["zsh", "zsh", "a shell that completes commands"],
  ["fish", "fish", "another one"],
  ["skopeo", "skopeo", "pushes images"],
] as const;
for (const [program, name, use] of tools)
  if (!(await has(program))) await installPackages([name], use);
await ensureDocker();
// Newer Debian has the client in a package of its own.
if (!(await has("docker"))) await installPackages(["docker-cli"], "drives that server");
const env = {
  ...process.env,
  MYPAAS_TEST_NODE_IMAGE: await ensureNodeImage(),
  MYPAAS_TEST_TRAEFIK_IMAGE: await ensureTraefikImage(),
};
const begun = Date.now();
const reporter = `--test-reporter=${join(root, "scripts", "test-reporter.ts")}`;
const limits = ["--test-concurrency=2", "--test-timeout=600000", "--test-force-exit"];
const { status } = spawnSync(
  process.execPath,
  ["--test", reporter, ...limits, ...suites.map((file) => join(root, file))],
  {
    cwd: root,
    env,
    stdio: "inherit",
  },
);
console.log(`end-to-end suites: ${suites.length}, ${Math.round((Date.now() - begun) / 1000)} s`);
process.exitCode = status ?? 1;
