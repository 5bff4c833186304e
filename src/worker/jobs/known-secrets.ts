import { setOnServer } from "../../core/release/release.ts";
import { envChangesOfJob } from "../../adapters/state/job-changes.ts";
import type { Job } from "../../adapters/state/jobs.ts";
import { readRegistries } from "../../adapters/state/registries.ts";
import { readEnv } from "../../adapters/state/env.ts";
import { listReleases } from "../../adapters/state/releases.ts";
import type { State } from "../../adapters/state/state.ts";

/** Values of a service that were set on this server, now or when one of its releases was made; each once. */
export function knownSecrets(state: State, service: string): readonly string[] {
  const then = listReleases(state, service).flatMap(({ release }) => setOnServer(release));
  return [...new Set([...Object.values(readEnv(state, service)), ...then])];
}

/** Values that the log of a job must not show: those of its service, those that it is about to set, the passwords of registries. */
export function jobSecrets(state: State, { id, service }: Job): readonly string[] {
  const soon = Object.values(envChangesOfJob(state, id)).filter((value) => value !== undefined);
  const logins = readRegistries(state).map(({ password }) => password);
  return [...knownSecrets(state, service), ...soon, ...logins];
}
