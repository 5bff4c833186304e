import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

/** The receiver's one file: in a package from the build, in a checkout built now. */
export async function receiverBundle(packageRoot: string): Promise<Buffer> {
  if (!import.meta.filename.endsWith(".ts"))
    return readFile(join(packageRoot, "dist", "receiver.js"));
  // The path is built here, because tsc must not include a script in the package.
  const script: unknown = await import(
    pathToFileURL(join(packageRoot, "scripts", "bundle-receiver.ts")).href
  );
  const { bundleReceiver } = script as { bundleReceiver: (root: string) => Promise<Buffer> };
  return bundleReceiver(packageRoot);
}
