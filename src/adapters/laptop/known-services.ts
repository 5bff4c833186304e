import { access, mkdir, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { readIfThere, writeFileAtomic } from "../files.ts";

/** Where a laptop keeps what is not worth a backup. */
export interface CachePlace {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
}

/** Of one remote, or of this host's own worker: the names of services that commands met there, one per line. */
function namesFile({ env, home }: CachePlace, remote: string | undefined): string {
  const base = env["XDG_CACHE_HOME"];
  // The specification says that a relative path is to be ignored.
  const cache = base?.startsWith("/") ? base : join(home, ".cache");
  // No remote can have a name with a dot.
  return join(cache, "mypaas", "services", remote ?? "this.server");
}

/** The services that are known by name without asking anybody, for completion; empty when there is nothing to read. */
export async function knownServices(
  place: CachePlace,
  remote: string | undefined,
): Promise<readonly string[]> {
  const bytes = await readIfThere(namesFile(place, remote)).catch(() => undefined);
  const lines = (bytes?.toString("utf8") ?? "").split("\n");
  return lines.filter((line) => /^[a-z0-9][a-z0-9.-]{0,49}$/.test(line));
}

/** Remembers names; `change` gets those that are known. What cannot be written is not remembered: it is only a cache. */
export async function rememberServices(
  place: CachePlace,
  remote: string | undefined,
  change: (known: readonly string[]) => readonly string[],
): Promise<void> {
  const known = await knownServices(place, remote);
  const names = [...new Set(change(known))].toSorted();
  if (names.join("\n") === known.join("\n")) return;
  const file = namesFile(place, remote);
  try {
    // An account without a home, as services have it, does not get one for this.
    if (file.startsWith(place.home)) await access(place.home);
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    await writeFileAtomic(file, names.map((name) => `${name}\n`).join(""), { mode: 0o600 });
  } catch {
    // Completion then offers what it knew before.
  }
}

/** Follows a remote that is called something else. */
export async function renameNames(place: CachePlace, from: string, to: string): Promise<void> {
  await rename(namesFile(place, from), namesFile(place, to)).catch(() => undefined);
}

export async function forgetNames(place: CachePlace, remote: string): Promise<void> {
  await rm(namesFile(place, remote), { force: true }).catch(() => undefined);
}
