import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

/** The receiver's one file: made by the build in a package, on the fly in a checkout. */
export async function receiverBundle(packageRoot: string): Promise<Buffer> {
  if (!import.meta.filename.endsWith(".ts"))
    return readFile(join(packageRoot, "dist", "receiver.js"));
  // Its name is put together here, because a package has no scripts for tsc to follow.
  const script: unknown = await import(
    pathToFileURL(join(packageRoot, "scripts", "bundle-receiver.ts")).href
  );
  const { bundleReceiver } = script as { bundleReceiver: (root: string) => Promise<Buffer> };
  return bundleReceiver(packageRoot);
}
