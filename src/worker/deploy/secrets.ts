import { command, hint } from "../../core/hints.ts";
import { UserError } from "../../core/errors.ts";
import type { Release } from "../../core/release/release.ts";
import { instancePaths, type InstanceConfig } from "../../core/server/instance.ts";
import { sweepSecretFiles, writeSecretFile } from "../../adapters/host/secret-files.ts";
import { listReleases, type StoredRelease } from "../../adapters/state/releases.ts";
import { forgetSecrets, readSecret } from "../../adapters/state/secrets.ts";
import type { State } from "../../adapters/state/state.ts";
import type { DeployContext } from "./deploy-context.ts";

/** Writes the files of a release that are not there; throws UserError "missing-secret" for a value that is gone. */
export async function provideSecrets(
  { state, job: { service } }: Pick<DeployContext, "state" | "job">,
  { secretFiles = [] }: Release,
  user: string,
): Promise<void> {
  for (const { name, version, source } of secretFiles) {
    const value = readSecret(state, service, version);
    if (value === undefined)
      throw new UserError(`secret ${name}: its value is not on the server any more`, {
        code: "missing-secret",
        hint: hint`set it again: ${command(`env ${service} set ${name}=… --secret`)}`,
      });
    await writeSecretFile(source, value, user);
  }
}

/** Forgets values of files that no release can need any more; what cannot be removed now is removed after the next deploy. */
export async function removeOldSecrets({
  state,
  config,
  job: { service },
}: Pick<DeployContext, "state" | "config" | "job">): Promise<void> {
  const releases = listReleases(state, service);
  const kept = new Set(releases.filter(mayRun).flatMap(versionsOf));
  try {
    forgetSecrets(state, service, kept);
    for (const slug of slugsOf(releases)) await sweepSecretFiles(secretsDir(config), slug, kept);
  } catch {
    // The next deploy tries again.
  }
}

/** Removes all files of a service that goes. */
export async function removeSecretFiles(
  state: State,
  config: InstanceConfig,
  service: string,
): Promise<void> {
  for (const slug of slugsOf(listReleases(state, service)))
    await sweepSecretFiles(secretsDir(config), slug, new Set());
}

/** Those that ended without an image never run again. */
const mayRun = ({ imageId, state }: StoredRelease): boolean =>
  imageId !== "" || (state !== "failed" && state !== "retired");

const versionsOf = ({ release: { secretFiles = [] } }: StoredRelease): readonly string[] =>
  secretFiles.map(({ version }) => version);

const slugsOf = (releases: readonly StoredRelease[]): readonly string[] => [
  ...new Set(releases.map(({ release }) => release.spec.slug)),
];

const secretsDir = (config: InstanceConfig): string => instancePaths(config).secrets;
