import { execFile } from "node:child_process";
import type { PushFrom } from "../../core/actions/push.ts";

/** The commit of a folder, as a push names it. */
export type Commit = Omit<PushFrom, "kind">;

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
  if (!/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(commit)) return {};
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

interface Known {
  readonly commit: string;
  readonly branch: string | undefined;
  readonly subject: string;
  readonly isDirty: boolean;
}

/** Brings what git says into the form in which it is sent: one line each, and not too long. */
export function commitOf({ commit, branch, subject, isDirty }: Known): Commit {
  const line = (text: string) =>
    text
      .replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, " ")
      .trim()
      .slice(0, 120)
      .toWellFormed();
  return {
    commit,
    ...(branch !== undefined && line(branch) !== "" && { branch: line(branch) }),
    ...(line(subject) !== "" && { subject: line(subject) }),
    ...(isDirty && { dirty: true }),
  };
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
