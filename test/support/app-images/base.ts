import { createHash } from "node:crypto";
import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { installPackages } from "../../../scripts/machine/packages.ts";
import { has, mustRun, run } from "../../../scripts/machine/run.ts";

const suite = "bookworm";
/** The servers, and what their official images start them with. */
const packages = [
  "postgresql",
  "mariadb-server",
  "redis-server",
  "nginx-light",
  "apache2",
  "libapache2-mod-php",
  "php-mysql",
  "s6",
  "gosu",
] as const;
/** What no container reads, and what the packages set up for a server of their own. */
const excluded = [
  "/usr/share/doc/*",
  "/usr/share/man/*",
  "/usr/share/locale/*",
  "/usr/share/info/*",
];
const leftovers = [
  "var/cache/apt",
  "var/lib/apt/lists",
  "var/lib/mysql",
  "var/lib/postgresql",
  "etc/postgresql",
  "var/www/html",
  "usr/sbin/policy-rc.d",
];

/** The reference of a Debian that has these servers, none of them set up. */
export const ensureAppsImage = (): Promise<string> => ensureDebianImage("apps", { packages });

export interface DebianParts {
  /** Debian packages. */
  readonly packages: readonly string[];
  /** Adds files, below the folder that is given; `mark` tells one addition from another. */
  readonly add?: { readonly mark: string; readonly to: (root: string) => Promise<void> };
  /** Changes of the image, such as `ENV A=B`. */
  readonly changes?: readonly string[];
}

/** The reference of a Debian with these parts. Made once, kept under a hash of what is in it. */
export async function ensureDebianImage(name: string, parts: DebianParts): Promise<string> {
  const { packages: wanted, add, changes = [] } = parts;
  const more = add === undefined && changes.length === 0 ? [] : [add?.mark, changes];
  const hash = createHash("sha256")
    .update(JSON.stringify([suite, wanted, excluded, leftovers, ...more]))
    .digest("hex");
  const tag = `mypaas-dev/${name}:${hash.slice(0, 12)}`;
  if ((await run("docker", ["image", "inspect", tag])).code === 0) return tag;
  if (!(await has("debootstrap")))
    await installPackages(["debootstrap"], "makes the test's own Debian");
  console.log(`making the image ${tag} …`);
  const folder = await mkdtemp("/var/tmp/mypaas-apps-");
  try {
    const root = join(folder, "root");
    await mustRun("debootstrap", ["--variant=minbase", suite, root]);
    await write(
      root,
      "etc/dpkg/dpkg.cfg.d/lean",
      excluded.map((path) => `path-exclude=${path}\n`),
    );
    // Otherwise a package would start its server here.
    await write(root, "usr/sbin/policy-rc.d", ["#!/bin/sh\nexit 101\n"]);
    await chmod(join(root, "usr/sbin/policy-rc.d"), 0o755);
    const install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", ...wanted];
    await mustRun("chroot", [root, ...install], {
      env: { PATH: process.env["PATH"], DEBIAN_FRONTEND: "noninteractive", LC_ALL: "C" },
    });
    await mustRun("rm", ["-rf", ...leftovers.map((path) => join(root, path))]);
    await add?.to(root);
    await mustRun("tar", ["-C", root, "-cf", join(folder, "root.tar"), "."]);
    await mustRun("docker", [
      "import",
      ...changes.flatMap((change) => ["--change", change]),
      join(folder, "root.tar"),
      tag,
    ]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  return tag;
}

async function write(root: string, path: string, lines: readonly string[]): Promise<void> {
  await mkdir(join(root, path, ".."), { recursive: true });
  await writeFile(join(root, path), lines.join(""));
}
