import { setOnServer } from "../../core/release/release.ts";
import { valueChangesOfJob } from "../../adapters/state/job-changes.ts";
import type { Job } from "../../adapters/state/jobs.ts";
import { readRegistries } from "../../adapters/state/registries.ts";
import { findLink } from "../../adapters/state/links.ts";
import { readValues } from "../../adapters/state/env.ts";
import { allSecrets } from "../../adapters/state/secrets.ts";
import { listReleases } from "../../adapters/state/releases.ts";
import type { State } from "../../adapters/state/state.ts";

/** Values of a service that were set on this server, now or when one of its releases was made; each once. */
export function knownSecrets(state: State, service: string): readonly string[] {
  const then = listReleases(state, service).flatMap(({ release }) => setOnServer(release));
  const now = Object.values(readValues(state, service)).map(({ value }) => value);
  return [...new Set([...now, ...then, ...allSecrets(state, service)])];
}

/** Values that the log of a job must not show: those of its service, those that it is about to set, the passwords of registries. */
export function jobSecrets(state: State, { id, service }: Job): readonly string[] {
  const soon = Object.values(valueChangesOfJob(state, id)).flatMap((one) =>
    one === undefined ? [] : [one.value],
  );
  const logins = readRegistries(state).map(({ password }) => password);
  const link = findLink(state, service);
  const linked = [link?.token, link?.secret].filter((one) => one !== undefined);
  return [...knownSecrets(state, service), ...soon, ...logins, ...linked];
}
