import { readdir, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { ensureDirectory, ensureFile, ifThere } from "../files.ts";

/** A value as it lies in a file. */
export interface SecretVersion {
  readonly version: string;
  /** `USER` of the image whose containers read it. */
  readonly user: string;
}

/** The path of the file of a value. */
export const secretPath = (dir: string, slug: string, { version, user }: SecretVersion): string =>
  `${dir}/${slug}/${version}-${readerOf(user)?.uid ?? "all"}`;

/** Writes the file of a value where it is not right; its folders let only root in. */
export async function writeSecretFile(path: string, value: string, user: string): Promise<void> {
  const folder = dirname(path);
  for (const one of [dirname(folder), folder]) await ensureDirectory(one, { mode: 0o700 });
  const owner = readerOf(user);
  await ensureFile(path, value, owner === undefined ? { mode: 0o444 } : { mode: 0o400, owner });
}

/** Removes the files of a service whose versions are not among these, and a folder that has none left. */
export async function sweepSecretFiles(
  dir: string,
  slug: string,
  kept: ReadonlySet<string>,
): Promise<void> {
  const folder = join(dir, slug);
  const names = (await ifThere(readdir(folder))) ?? [];
  const old = names.filter((name) => !kept.has(name.split("-")[0] ?? ""));
  if (old.length === names.length) return rm(folder, { recursive: true, force: true });
  for (const name of old) await rm(join(folder, name), { force: true });
}

/**
 * The one user that may read. Undefined: all of the container's users, because programs that start as root read their files after they
 * became another user, and a user by name is known only inside the image.
 */
function readerOf(user: string): { readonly uid: number; readonly gid: number } | undefined {
  const [, uid = "0", gid = uid] = /^(\d{1,10})(?::(\d{1,10}))?$/.exec(user) ?? [];
  return Number(uid) === 0 ? undefined : { uid: Number(uid), gid: Number(gid) };
}
