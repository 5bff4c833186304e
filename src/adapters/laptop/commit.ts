import { commitForm } from "../../core/name-forms.ts";
import { execFile } from "node:child_process";
import { commitOf, type Commit } from "../../core/push/from.ts";

/** A large repository is not waited for. */
const gitTimeoutMs = 2000;

/** Asks git for the commit of a folder, and whether files of it differ from the commit; empty without git or a commit. Never throws. */
export async function readCommit(
  folder: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<Commit> {
  const git = (args: readonly string[]) => runGit(folder, args, env);
  const [head, status] = await Promise.all([
    git(["log", "-1", "--no-show-signature", "--format=%H%n%s", "HEAD"]),
    git(["status", "--porcelain=v2", "--branch", "--untracked-files=normal", "--", "."]),
  ]);
  const [commit = "", subject = ""] = head?.split("\n") ?? [];
  if (!commitForm.test(commit)) return {};
  // Without it nobody knows whether this is the code of that commit.
  if (status === undefined) return {};
  const lines = status.split("\n");
  const branch = lines.find((line) => line.startsWith("# branch.head "))?.slice(14);
  const isDirty = lines.some((line) => line !== "" && !line.startsWith("#"));
  return commitOf({
    commit,
    branch: branch === "(detached)" ? undefined : branch,
    subject,
    isDirty,
  });
}

function runGit(
  folder: string,
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Promise<string | undefined> {
  // No lock that another git would wait for, and no program that the repository names.
  const quiet = ["--no-optional-locks", "-c", "core.fsmonitor=false", "-C", folder];
  const options = { env: { ...env }, timeout: gitTimeoutMs, maxBuffer: 16 * 1024 * 1024 };
  return new Promise((done) => {
    execFile("git", [...quiet, ...args], options, (error, out) => {
      done(error === null ? out : undefined);
    });
  });
}
