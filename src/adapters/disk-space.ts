import { statfs } from "node:fs/promises";
import { UserError } from "../core/errors.ts";
import { codeOf } from "./files.ts";

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
