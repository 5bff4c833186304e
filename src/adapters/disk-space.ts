import { lstat, readdir, statfs } from "node:fs/promises";
import { join } from "node:path";
import { UserError } from "../core/errors.ts";
import { codeOf } from "./files.ts";

/** The disk of a directory: its size, and what programs may still fill. */
export async function diskOf(
  dir: string,
): Promise<{ readonly total: number; readonly free: number }> {
  const { blocks, bavail, bsize } = await statfs(dir);
  return { total: blocks * bsize, free: bavail * bsize };
}

/** True for two directories on one disk. */
export async function isSameDisk(one: string, other: string): Promise<boolean> {
  const [a, b] = await Promise.all([lstat(one), lstat(other)]);
  return a.dev === b.dev;
}

/** What a file takes on the disk; `path` is relative to the directory. */
export interface DiskFile {
  readonly path: string;
  readonly bytes: number;
}

/** The files below a directory with what they take on the disk, the folders and itself too; what goes meanwhile is left out. Links are not followed. */
export async function filesIn(dir: string): Promise<readonly DiskFile[]> {
  const names = await readdir(dir, { recursive: true }).catch(() => []);
  const files: DiskFile[] = [];
  // One after the other: a server that is busy must not wait for this.
  for (const path of ["", ...names]) {
    const facts = await lstat(join(dir, path)).catch(() => undefined);
    if (facts !== undefined) files.push({ path, bytes: facts.blocks * 512 });
  }
  return files;
}

/** Free bytes on the disk of a directory. */
export async function freeBytesOf(dir: string): Promise<number> {
  const { bavail, bsize } = await statfs(dir);
  return bavail * bsize;
}

/** True for the error of a disk or quota without room. */
export function isDiskFull(error: unknown): boolean {
  const code = codeOf(error);
  return code === "ENOSPC" || code === "EDQUOT";
}

/** Bytes as errors about a full disk show them. */
export const mib = (bytes: number): string => `${(bytes / 1024 ** 2).toFixed(1)} MiB`;

export const diskFull = (
  what: string,
  { bytes, reserve }: { readonly bytes: number; readonly reserve: number },
  cause: unknown,
): UserError =>
  new UserError(`disk: ${what}, this needs ${mib(bytes)} and ${mib(reserve)} stay in reserve`, {
    code: "disk-full",
    hint: "free disk space on the server, see: docker system df",
    cause,
  });
