import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { mustRun, run } from "../../scripts/machine/run.ts";
import { ensureDebianImage } from "./app-images/base.ts";

/** The images that made Dockerfiles name, all of them this one Debian. */
const names = [
  "node:24",
  "node:24-slim",
  "python:3.13",
  "python:3.13-slim",
  "golang:1.26",
  "debian:13-slim",
  "caddy:2-alpine",
  "php:8.4-apache",
  "ruby:3.4",
  "ruby:3.4-slim",
];

const packages = [
  "apache2",
  "bundler",
  "ca-certificates",
  "caddy",
  "golang-go",
  "libapache2-mod-php",
  "libstdc++6",
  "python-is-python3",
  "python3-pip",
  "python3-venv",
  "ruby",
  "ruby-webrick",
];

const npmVersion = "11.6.2";
const logs = [
  ["access", "/dev/stdout"],
  ["error", "/dev/stderr"],
  ["other_vhosts_access", "/dev/stdout"],
] as const;
const authorities = "/etc/ssl/certs/ca-certificates.crt";
const passed =
  /^(?:(?:https?|no|all)_proxy|pip_(?:index_url|cert)|npm_config_registry|node_extra_ca_certs|ssl_cert_file|requests_ca_bundle|goproxy)$/i;

/** Gives the engine local images under these names where it has none; returns what takes them away again. */
export async function provideLanguageImages(): Promise<() => Promise<void>> {
  const settings = Object.entries(process.env).filter(([name]) => passed.test(name));
  const image = await ensureDebianImage("languages", {
    packages,
    add: { mark: `${process.version} npm ${npmVersion}`, to: addFiles },
    changes: [
      ...settings.map(([name, value = ""]) => `ENV ${name}=${JSON.stringify(value)}`),
      // Debian's Python is for Debian's packages; that of the official images is for anybody.
      "ENV PIP_BREAK_SYSTEM_PACKAGES=1",
      "ENV PIP_DISABLE_PIP_VERSION_CHECK=1",
      "ENV GOFLAGS=-mod=mod",
      "ENV LANG=C.UTF-8",
    ],
  });
  const given: string[] = [];
  for (const name of names) {
    if ((await run("docker", ["image", "inspect", name])).code === 0) continue;
    await mustRun("docker", ["tag", image, name]);
    given.push(name);
  }
  return async () => {
    if (given.length > 0) await run("docker", ["rmi", "--no-prune", ...given]);
  };
}

/** Node as this machine has it, npm, and what the official images have beside their language. */
async function addFiles(root: string): Promise<void> {
  await cp(process.execPath, join(root, "usr/local/bin/node"));
  const folder = await mkdtemp(join(root, "tmp/npm-"));
  await mustRun("npm", ["pack", `npm@${npmVersion}`, "--silent"], { cwd: folder });
  const modules = join(root, "usr/local/lib/node_modules");
  await mkdir(modules, { recursive: true });
  await mustRun("tar", ["-C", folder, "-xzf", join(folder, `npm-${npmVersion}.tgz`)]);
  await mustRun("cp", ["-r", join(folder, "package"), join(modules, "npm")]);
  await rm(folder, { recursive: true });
  for (const name of ["npm", "npx"])
    await symlink(`../lib/node_modules/npm/bin/${name}-cli.js`, join(root, "usr/local/bin", name));
  await mustRun("chroot", [root, "useradd", "--create-home", "node"]);
  await cp(authorities, join(root, authorities));
  await cp(
    join(import.meta.dirname, "app-images/php-apache/apache2-foreground"),
    join(root, "usr/local/bin/apache2-foreground"),
  );
  await mustRun("chmod", ["755", join(root, "usr/local/bin/apache2-foreground")]);
  // As the official image has them: logs go to the container's own, and any user may start it.
  for (const [log, to] of logs)
    await mustRun("ln", ["-sf", to, join(root, `var/log/apache2/${log}.log`)]);
  for (const folder of ["run/apache2", "run/lock/apache2", "var/log/apache2"]) {
    await mkdir(join(root, folder), { recursive: true });
    await mustRun("chmod", ["1777", join(root, folder)]);
  }
  await writeFile(join(root, "etc/gemrc"), "gem: --no-document\n");
}
