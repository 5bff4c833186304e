import { constants } from "node:fs";
import { chown, lstat, mkdir, open, realpath } from "node:fs/promises";
import { join } from "node:path";
import { UserError } from "../../core/errors.ts";
import type { Owner } from "../../core/release/image-user.ts";
import { codeOf, ifThere } from "../files.ts";

export interface HomeVolume {
  /** Home of the user that ran init. */
  readonly home: string;
  /** Relative to the home, as in the Dockerfile. */
  readonly source: string;
  /** Directories of mypaas; neither they nor a directory above them can be mounted. */
  readonly forbidden: readonly string[];
}

/** Resolves `~/dir` to an absolute path, component by component. Follows no link; the directory need not exist yet. */
export async function resolveHomeVolume(volume: HomeVolume): Promise<string> {
  const parts = volume.source.split("/").filter((part) => part !== "" && part !== ".");
  const dotted = parts.find((part) => part.startsWith("."));
  if (parts.length === 0) throw refused(volume, "is the home folder itself");
  if (dotted !== undefined) throw refused(volume, `leads through "${dotted}"`);
  const home = await realHome(volume);
  let path = home;
  for (const part of parts) {
    path = join(path, part);
    const facts = await ifThere(lstat(path));
    if (facts?.isSymbolicLink()) throw refused(volume, `${path} is a link`);
    if (facts !== undefined && !facts.isDirectory())
      throw refused(volume, `${path} is not a folder`);
  }
  for (const ours of volume.forbidden) {
    const real = await realpath(ours).catch(() => ours);
    if (isInside(path, real) || isInside(real, path)) throw refused(volume, `holds ${ours}`);
  }
  return path;
}

async function realHome(volume: HomeVolume): Promise<string> {
  const home = await realpath(volume.home).catch((error: unknown) => {
    if (codeOf(error) !== "ENOENT") throw error;
    throw refused(volume, `the home folder ${volume.home} does not exist`);
  });
  if (home === "/") throw refused(volume, "the home folder is /, the whole server");
  return home;
}

/** Makes the missing directories of the path. The last new one belongs to the user of the image, where that is known; existing ones stay as they are. */
export async function makeHomeVolume(
  volume: HomeVolume,
  user: () => Promise<Owner | undefined>,
): Promise<string> {
  const path = await resolveHomeVolume(volume);
  const home = await realHome(volume);
  const owner = await lstat(home);
  const parts = path.slice(home.length + 1).split("/");
  let parent = await open(home, directory);
  try {
    for (const [index, part] of parts.entries()) {
      // Through the open directory: a link that appears meanwhile is not followed.
      const child = `/proc/self/fd/${parent.fd}/${part}`;
      const isNew = await makeFolder(child);
      const next = await open(child, directory);
      await parent.close();
      parent = next;
      if (!isNew) continue;
      const isLast = index === parts.length - 1;
      const { uid, gid } = isLast ? ((await user()) ?? owner) : owner;
      await chown(`/proc/self/fd/${parent.fd}`, uid, gid);
    }
  } finally {
    await parent.close();
  }
  return path;
}

const directory = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;

async function makeFolder(path: string): Promise<boolean> {
  try {
    await mkdir(path, { mode: 0o755 });
    return true;
  } catch (error) {
    if (codeOf(error) === "EEXIST") return false;
    throw error;
  }
}

/** True when `path` is `folder` or below it. */
const isInside = (path: string, folder: string): boolean =>
  path === folder || path.startsWith(`${folder}/`);

const refused = (volume: HomeVolume, why: string): UserError =>
  new UserError(`volume ~/${volume.source}: ${why}`, {
    code: "bad-volume",
    hint: "name a plain folder of its own, such as: mypaas.volume = ~/web-data:/data",
  });
