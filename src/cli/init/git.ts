import { mkdir, readFile, rm } from "node:fs/promises";
import { ensureFile, type Ensured } from "../../adapters/files.ts";
import { ensureJailImage } from "../../adapters/jail-image.ts";
import { changeSshd } from "../../adapters/host/sshd.ts";
import { systemTool } from "../../adapters/host/systemd.ts";
import type { Infra } from "../../adapters/engines/docker/infra.ts";
import { UserError } from "../../core/errors.ts";
import { gitUser } from "../../core/server/git-address.ts";
import { defaultInstance, type InstanceConfig } from "../../core/server/instance.ts";
import type { World } from "../../core/world.ts";
import { sumOf } from "./places.ts";
import type { Report } from "./report.ts";

interface GitTools {
  readonly config: InstanceConfig;
  readonly infra: Infra;
  readonly world: World;
  readonly report: Report;
  /** False where the operator runs the worker, and sshd, by hand. */
  readonly needsSystemd: boolean;
}

const programs = "/usr/lib/mypaas";
const sshdFile = "/etc/ssh/sshd_config.d/mypaas.conf";
const usersFile = "/etc/sysusers.d/mypaas-git.conf";

/** What must count for the user of git, whatever else sshd's configuration says. */
const mustCount = [
  "authorizedkeysfile none",
  `authorizedkeyscommand ${programs}/git-keys %t %k`,
  "authorizedkeyscommanduser mypaas-keys",
  "authenticationmethods publickey",
  "permittty no",
  "disableforwarding yes",
];

/** Opens `git push` over ssh, or closes it: the jail's image, two users, their two programs, sshd's configuration. */
export async function ensureGit(tools: GitTools): Promise<void> {
  const { config, infra, world, report, needsSystemd } = tools;
  if (config.git !== true) {
    if (needsSystemd && config.instance === defaultInstance) await close(report);
    return;
  }
  const { instance } = config;
  const { packageRoot, random, interrupted: signal } = world;
  const { tag, isNew } = await ensureJailImage({ infra, instance, packageRoot, random, signal });
  report.done(`git image ${tag}`, isNew ? "created" : "already there");
  if (!needsSystemd) return;
  refuseSecond(instance);
  const written = await Promise.all([
    install(tools, "ssh/git-line", `${programs}/git-line`, 0o755),
    install(tools, "ssh/git-keys", `${programs}/git-keys`, 0o755),
    install(tools, "systemd/sysusers.d/mypaas-git.conf", usersFile, 0o644),
  ]);
  await systemTool("systemd-sysusers", usersFile);
  await refuseOtherUser();
  report.done(`users of git push`, sumOf(written));
  const text = await readFile(`${packageRoot}/ssh/mypaas.conf`, "utf8");
  const did = await changeSshd({ file: sshdFile, text, user: gitUser, mustCount });
  report.done(`sshd takes git push (${sshdFile})`, did);
}

async function install(
  { world, config }: GitTools,
  source: string,
  target: string,
  mode: number,
): Promise<Ensured> {
  const text = await readFile(`${world.packageRoot}/${source}`, "utf8");
  await mkdir(target.replace(/\/[^/]+$/, ""), { recursive: true });
  const placed = text.replaceAll("/run/mypaas/", `${config.runDir}/`);
  return ensureFile(target, placed, { mode, owner: { uid: 0, gid: 0 } });
}

async function close(report: Report): Promise<void> {
  const did = await changeSshd({ file: sshdFile, text: undefined, user: gitUser, mustCount: [] });
  if (did !== "removed") return;
  await rm(programs, { recursive: true, force: true });
  report.done(`sshd takes git push (${sshdFile})`, did);
}

/** sshd knows the user by one name. */
function refuseSecond(instance: string): void {
  if (instance === defaultInstance) return;
  throw new UserError(`--git: sshd takes pushes for one instance, and this is "${instance}"`, {
    code: "usage",
    hint: `leave --git out, or use it for the instance "${defaultInstance}"`,
  });
}

/** An account with that name that is somebody's login must not become a pipe. */
async function refuseOtherUser(): Promise<void> {
  const lines = (await readFile("/etc/passwd", "utf8")).split("\n");
  const found = lines.find((line) => line.startsWith(`${gitUser}:`))?.split(":");
  if (found?.at(-1) === `${programs}/git-line`) return;
  throw new UserError(
    `user ${gitUser}: has the shell ${found?.at(-1) ?? "of nobody"}, so it is not the user of git push`,
    { code: "not-ready", hint: `if nobody logs in as it: userdel ${gitUser}, then run init again` },
  );
}
