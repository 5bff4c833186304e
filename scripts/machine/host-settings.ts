import { mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { isThere } from "../../src/adapters/files.ts";
import type { SystemServer } from "../../test/support/system-server/server.ts";
import { mustRun, run } from "./run.ts";

const authorities = "/etc/ssl/certs/ca-certificates.crt";

/** Gives a machine Node and npm as this one has them; a Node of nodejs.org needs no other file. */
export async function passNode(machine: SystemServer): Promise<void> {
  const find = async (program: string) =>
    realpath((await mustRun("sh", ["-c", `command -v ${program}`], { env: ownEnv() })).out.trim());
  await put(machine, await find("node"), "/usr/local/bin/node");
  const modules = "/usr/local/lib/node_modules";
  await put(machine, dirname(dirname(await find("npm"))), `${modules}/npm`);
  for (const name of ["npm", "npx"])
    await machine.must("ln", "-s", `${modules}/npm/bin/${name}-cli.js`, `/usr/local/bin/${name}`);
}

/** Gives a machine what the package managers of this one need to reach their registries, in files and in variables; returns the variables. */
export async function passSettings(
  machine: SystemServer,
): Promise<Readonly<Record<string, string>>> {
  const npm = ["config", "get", "globalconfig"];
  const npmrc = (await mustRun("npm", npm, { env: ownEnv(), cwd: "/" })).out.trim();
  const there = (await machine.must("npm", ...npm)).out.trim();
  const home = homedir();
  const files = [
    [authorities, authorities],
    [npmrc, there],
    [join(home, ".npmrc"), "/root/.npmrc"],
    ["/etc/pip.conf", "/etc/pip.conf"],
    [join(home, ".config/pip/pip.conf"), "/root/.config/pip/pip.conf"],
  ] as const;
  for (const [from, to] of files) if (await isThere(from)) await put(machine, from, to);
  return passVariables(machine);
}

/** The environment outside of npm, which puts the packages of a clone first. */
function ownEnv(): NodeJS.ProcessEnv {
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  const path = folders.filter((folder) => !folder.includes("node_modules")).join(delimiter);
  return { ...process.env, PATH: path };
}

/** Lets the machine's apt fetch as this one's does, from the places that debootstrap wrote. */
export async function passApt(machine: SystemServer): Promise<void> {
  const { out } = await run("apt-config", ["dump"]);
  const lines = out.split("\n").filter((line) => /^Acquire::\S+ "/.test(line));
  const folder = await mkdtemp(join(tmpdir(), "mypaas-apt-"));
  try {
    await writeFile(join(folder, "conf"), `${lines.join("\n")}\n`);
    await put(machine, join(folder, "conf"), "/etc/apt/apt.conf.d/99host");
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  const logins = "/etc/apt/auth.conf";
  if (await isThere(logins)) await put(machine, logins, logins);
}

const passed =
  /^(?:(?:https?|no|all)_proxy|pip_\w+|npm_config_registry|node_extra_ca_certs|ssl_cert_file|requests_ca_bundle)$/i;

/** Variables of proxies, registries and authorities, with the files that they name. */
async function passVariables(machine: SystemServer): Promise<Readonly<Record<string, string>>> {
  const found: Record<string, string> = { CI: "true" };
  for (const [key, value = ""] of Object.entries(process.env)) {
    if (!passed.test(key)) continue;
    found[key] = value;
    if (value.startsWith("/") && value !== authorities && (await isThere(value)))
      await put(machine, value, value);
  }
  return found;
}

async function put(machine: SystemServer, from: string, to: string): Promise<void> {
  await machine.must("mkdir", "-p", dirname(to));
  await machine.copyIn(from, to);
}
