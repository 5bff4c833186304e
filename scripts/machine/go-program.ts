import { mkdir } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { isThere } from "../../src/adapters/files.ts";
import { installPackages } from "./packages.ts";
import { mustRun, run } from "./run.ts";

/** What the programs need, and the newest that was tried. */
const goVersion = "1.26.8";
const oldest = 25;

/** Builds a program out of a Go module, once; returns its path. Go is that of the machine, else Debian's, which fetches a newer one as a module. */
export async function goProgram(module: string, version: string): Promise<string> {
  const bin = join(homedir(), ".cache", "mypaas-test-programs", version);
  const program = join(bin, module.split("/").at(-1) ?? module);
  if (await isThere(program)) return program;
  await mkdir(bin, { recursive: true });
  const env = { ...process.env, GOBIN: bin, GOFLAGS: "-modcacherw", GOTOOLCHAIN: "local" };
  await mustRun(await findGo(), ["install", `${module}@${version}`], { env });
  return program;
}

async function findGo(): Promise<string> {
  for (const go of ["go", "/usr/local/go/bin/go"]) if (await isNew(go)) return go;
  const { code } = await run("go", ["version"]);
  if (code !== 0) await installPackages(["golang-go"], "builds test programs");
  if (await isNew("go")) return "go";
  const platform = `linux-${process.arch === "arm64" ? "arm64" : "amd64"}`;
  const toolchain = `golang.org/toolchain@v0.0.1-go${goVersion}.${platform}`;
  const { out } = await mustRun("go", ["mod", "download", "-json", toolchain], { cwd: "/" });
  const folder = /"Dir": "([^"]+)"/.exec(out)?.[1] ?? "";
  // A module is unpacked without the permission to run anything.
  await mustRun("chmod", ["-R", "u+rwx", join(folder, "bin"), join(folder, "pkg", "tool")]);
  return join(folder, "bin", "go");
}

async function isNew(go: string): Promise<boolean> {
  const { out } = await run(go, ["version"]);
  return Number(/go1\.(\d+)/.exec(out)?.[1] ?? 0) >= oldest;
}
