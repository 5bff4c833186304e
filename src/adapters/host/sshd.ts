import { execFile } from "node:child_process";
import { mkdir, rm } from "node:fs/promises";
import { UserError } from "../../core/errors.ts";
import { ensureFile, isThere, readIfThere, writeFileAtomic, type Ensured } from "../files.ts";
import { systemTool, unitProperty } from "./systemd.ts";

/** OpenSSH's server of this machine. */
export const sshd = "/usr/sbin/sshd";

interface Addition {
  /** The file below /etc/ssh/sshd_config.d. */
  readonly file: string;
  /** Undefined: the file goes. */
  readonly text: string | undefined;
  readonly user: string;
  /** Lines of `sshd -T` that must count for that user, in lower case. */
  readonly mustCount: readonly string[];
}

/** Adds a file to sshd's configuration, or takes it away. What sshd refuses, or what does not count because of other lines, is taken back before sshd hears of it; throws UserError then. */
export async function changeSshd(wanted: Addition): Promise<Ensured | "removed"> {
  const { file, text } = wanted;
  const before = (await readIfThere(file))?.toString("utf8");
  if (text === before && text === undefined) return "already there";
  // Where sshd starts with its first connection, nothing has made it yet.
  await mkdir("/run/sshd", { recursive: true, mode: 0o755 });
  const did =
    text === undefined ? await removed(file) : await ensureFile(file, text, { mode: 0o644 });
  try {
    await run("-t");
    if (text !== undefined) await refuseWithoutEffect(wanted);
  } catch (error) {
    if (before === undefined) await rm(file, { force: true });
    else await writeFileAtomic(file, before, { mode: 0o644 });
    throw error;
  }
  if (did !== "already there") await reload();
  return did;
}

async function removed(file: string): Promise<"removed"> {
  await rm(file, { force: true });
  return "removed";
}

async function refuseWithoutEffect({ file, user, mustCount }: Addition): Promise<void> {
  const counts = await run("-T", "-C", `user=${user},host=localhost,addr=127.0.0.1`);
  const lines = new Set(counts.toLowerCase().split("\n"));
  const lost = mustCount.filter((line) => !lines.has(line));
  if (lost.length === 0) return;
  throw new UserError(`sshd: ${lost[0]}: does not count for user ${user}, nothing was changed`, {
    code: "sshd",
    hint: `look for another Match of this user, and for the line in /etc/ssh/sshd_config: Include ${file.replace(/[^/]+$/, "*.conf")}`,
    details: lost.slice(1),
  });
}

/** Logins that are open stay open. A server that starts with each connection reads its configuration anyway. */
async function reload(): Promise<void> {
  for (const unit of ["ssh.service", "sshd.service"]) {
    // oxlint-disable-next-line no-await-in-loop
    if ((await unitProperty(unit, "ActiveState")) !== "active") continue;
    // oxlint-disable-next-line no-await-in-loop
    await systemTool("systemctl", "reload", unit);
    return;
  }
}

/** True where OpenSSH's server is installed. */
export const hasSshd = (): Promise<boolean> => isThere(sshd);

const run = (...args: readonly string[]): Promise<string> =>
  new Promise((resolve, reject) => {
    execFile(sshd, args, { timeout: 30_000 }, (error, stdout, stderr) => {
      if (error === null) return resolve(stdout);
      const [first = error.message, ...rest] = stderr.trim().split("\n");
      reject(
        new UserError(`sshd: refuses its configuration, nothing was changed: ${first}`, {
          code: "sshd",
          hint: `see all of it: ${sshd} -t`,
          details: rest.slice(0, 10),
          cause: error,
        }),
      );
    });
  });
