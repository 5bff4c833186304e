import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Eyes } from "../../test/support/seen.ts";

/** Where version 6c3859f had the functions that read a state. */
const files = [
  "adapters/state/certificates.ts",
  "adapters/state/env.ts",
  "adapters/state/job-changes.ts",
  "adapters/state/jobs.ts",
  "adapters/state/keys.ts",
  "adapters/state/log.ts",
  "adapters/state/open-programs.ts",
  "adapters/state/overview.ts",
  "adapters/state/registries.ts",
  "adapters/state/releases.ts",
  "adapters/state/services.ts",
  "adapters/state/state.ts",
  "core/release/changes.ts",
  "core/routing/labels.ts",
  "core/routing/release-routing.ts",
  "core/routing/yields.ts",
  "worker/deploy/interrupted.ts",
];

/** The same functions of an earlier version, given its `mypaas.ts`. */
export async function oldEyes(program: string): Promise<Eyes> {
  const source = join(dirname(dirname(program)), "src");
  const modules = await Promise.all(
    files.map(async (file) => (await import(pathToFileURL(join(source, file)).href)) as object),
  );
  return Object.assign({}, ...modules) as Eyes;
}
