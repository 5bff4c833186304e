import { access, mkdir, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { mustRun, run } from "./run.ts";

const root = dirname(dirname(import.meta.dirname));

/** The last commit of each released state of mypaas, oldest first; servers out there were set up by these. */
export const releasedVersions = ["6c3859f"] as const;

/** Path of `mypaas.ts` of an earlier commit, taken out of git's history and installed once; throws where the clone does not have that commit. */
export async function oldProgram(commit: string): Promise<string> {
  const folder = join(tmpdir(), `mypaas-at-${commit}`);
  const program = join(folder, "bin", "mypaas.ts");
  const isThere = await access(program).then(
    () => true,
    () => false,
  );
  if (isThere) return program;
  const known = await run("git", ["cat-file", "-e", `${commit}^{commit}`], { cwd: root });
  if (known.code !== 0)
    throw new Error(
      `commit ${commit}: not in this clone\nhint: fetch the whole history: git fetch --unshallow --tags`,
    );
  const fresh = `${folder}.${process.pid}`;
  await mkdir(fresh, { recursive: true });
  try {
    await mustRun("sh", ["-c", `git archive ${commit} | tar -x -C "$0"`, fresh], { cwd: root });
    await mustRun("npm", ["ci", "--no-audit", "--no-fund"], { cwd: fresh });
    await rename(fresh, folder);
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
  return program;
}
