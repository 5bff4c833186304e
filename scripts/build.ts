import { execFileSync } from "node:child_process";
import { chmod, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { bundleReceiver } from "./bundle-receiver.ts";

/** Makes `dist/` anew: what the package ships. */
const root = dirname(import.meta.dirname);
const dist = join(root, "dist");
const tsc = join(
  dirname(createRequire(import.meta.url).resolve("typescript/package.json")),
  "bin",
  "tsc",
);

await rm(dist, { recursive: true, force: true });
execFileSync(process.execPath, [tsc, "-p", join(root, "tsconfig.build.json")], {
  stdio: "inherit",
});
await chmod(join(dist, "bin", "mypaas.js"), 0o755);
for (const program of ["receiver", "relay", "egress"] as const)
  await writeFile(join(dist, `${program}.js`), await bundleReceiver(root, program));
