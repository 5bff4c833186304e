import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { has, mustRun, run, type Ran } from "./run.ts";

const waitMinutes = 20;
let updated = false;

/** Installs Debian packages, saying what for; throws with the one command to type where it may not. */
export async function installPackages(packages: readonly string[], why: string): Promise<void> {
  const install = ["install", "-y", "--no-install-recommends", ...packages];
  const command = ["apt-get", ...install].join(" ");
  if (process.getuid?.() !== 0 || !(await has("apt-get")))
    throw new Error(
      `${why}: not on this machine\nhint: install it first, on Debian and Ubuntu: sudo ${command}`,
    );
  console.log(`installing ${packages.join(" ")} (${why}) …`);
  if (!updated) await aptGet(["update", "-qq"]);
  updated = true;
  await aptGet(install);
}

/** Unpacks a Debian package into a folder, without installing it: none of its services starts. */
export async function unpackPackage(name: string, folder: string): Promise<void> {
  if (!updated) await aptGet(["update", "-qq"]);
  updated = true;
  await aptGet(["download", name], folder);
  const file = (await readdir(folder)).find((one) => one.startsWith(`${name}_`)) ?? name;
  await mustRun("dpkg", ["-x", join(folder, file), folder]);
}

async function aptGet(args: readonly string[], cwd = "/"): Promise<void> {
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive", LC_ALL: "C" };
  const end = Date.now() + waitMinutes * 60_000;
  const ran = await repeatWhileLocked(() => run("apt-get", args, { env, cwd }), {
    say: (why) =>
      console.log(`apt-get ${args[0]}: ${why}\nwaiting up to ${waitMinutes} min for it …`),
    mayWait: async () => Date.now() < end && sleep(2000, true),
  });
  if (ran.code !== 0)
    throw new Error(
      `apt-get ${args.join(" ")}: exit code ${ran.code}\n${ran.out}${ran.err}`.trimEnd(),
    );
}

/** Runs apt-get again while another program, such as an unattended upgrade, has one of its locks; `DPkg::Lock::Timeout` waits for those of dpkg only, not for those of the lists and the archives. */
export async function repeatWhileLocked(
  attempt: () => Promise<Ran>,
  waiting: {
    /** Called once for each holder of a lock, with the words of apt-get. */
    readonly say: (why: string) => void;
    /** Waits a moment; false when the time is up. */
    readonly mayWait: () => Promise<boolean>;
  },
): Promise<Ran> {
  let said = "";
  for (;;) {
    const ran = await attempt();
    const [, why] = /^E: (Could not get lock .*)$/m.exec(ran.err) ?? [];
    if (ran.code === 0 || why === undefined) return ran;
    if (why !== said) waiting.say(why);
    said = why;
    if (!(await waiting.mayWait())) return ran;
  }
}
