import { setOnServer } from "../../core/release/release.ts";
import { readEnv } from "../../adapters/state/env.ts";
import { listReleases } from "../../adapters/state/releases.ts";
import type { State } from "../../adapters/state/state.ts";

/** Values of a service that were set on this server, now or when a release was made that somebody may go back to; each once. */
export function knownSecrets(state: State, service: string): readonly string[] {
  const then = listReleases(state, service).flatMap(({ release }) => setOnServer(release));
  return [...new Set([...Object.values(readEnv(state, service)), ...then])];
}
