import { has, mustRun } from "./run.ts";

let updated = false;

/** Installs Debian packages, saying what for; throws with the one command to type where it may not. */
export async function installPackages(packages: readonly string[], why: string): Promise<void> {
  const command = `apt-get install -y --no-install-recommends ${packages.join(" ")}`;
  if (process.getuid?.() !== 0 || !(await has("apt-get")))
    throw new Error(
      `${why}: not on this machine\nhint: install it first, on Debian and Ubuntu: sudo ${command}`,
    );
  console.log(`installing ${packages.join(" ")} (${why}) …`);
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  if (!updated) await mustRun("apt-get", ["update", "-qq"], { env });
  updated = true;
  await mustRun(command.split(" ")[0] ?? "", command.split(" ").slice(1), { env });
}
