import { createHash } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { installPackages } from "../../../scripts/machine/packages.ts";
import { has, mustRun, run } from "../../../scripts/machine/run.ts";

const suite = "bookworm";
/** systemd and Docker, nothing of mypaas. */
export const serverPackages = [
  "systemd",
  "systemd-sysv",
  "dbus",
  "ca-certificates",
  "iptables",
  "iproute2",
  "docker.io",
  "openssh-client",
] as const;

/** The reference of an image with a bare Debian that has these packages and boots. Made once, kept under a hash of what is in it. */
export async function ensureServerImage(packages: readonly string[]): Promise<string> {
  const hash = createHash("sha256")
    .update(JSON.stringify([suite, packages]))
    .digest("hex");
  const tag = `mypaas-test/system-server:${hash.slice(0, 12)}`;
  if ((await run("docker", ["image", "inspect", tag])).code === 0) return tag;
  if (!(await has("debootstrap")))
    await installPackages(["debootstrap"], "makes the test's own Debian");
  const folder = await mkdtemp("/var/tmp/mypaas-server-");
  try {
    const root = join(folder, "root");
    const include = `--include=${packages.join(",")}`;
    await mustRun("debootstrap", ["--variant=minbase", include, suite, root]);
    await mustRun("rm", ["-rf", join(root, "var/cache/apt"), join(root, "var/lib/apt/lists")]);
    await mustRun("tar", ["-C", root, "-cf", join(folder, "root.tar"), "."]);
    await mustRun("docker", ["import", join(folder, "root.tar"), tag]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  return tag;
}
