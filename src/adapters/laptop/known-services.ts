import { access, mkdir, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { readIfThere, writeFileAtomic } from "../files.ts";

/** Where a laptop keeps its cache. */
export interface CachePlace {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
}

/** File with the service names of one remote, or of this server's own worker, one per line. */
function namesFile({ env, home }: CachePlace, remote: string | undefined): string {
  const base = env["XDG_CACHE_HOME"];
  // The XDG specification ignores a relative path.
  const cache = base?.startsWith("/") ? base : join(home, ".cache");
  // No remote has a name with a dot.
  return join(cache, "mypaas", "services", remote ?? "this.server");
}

/** Service names in the cache, for completion; empty without a cache. */
export async function knownServices(
  place: CachePlace,
  remote: string | undefined,
): Promise<readonly string[]> {
  const bytes = await readIfThere(namesFile(place, remote)).catch(() => undefined);
  const lines = (bytes?.toString("utf8") ?? "").split("\n");
  return lines.filter((line) => /^[a-z0-9][a-z0-9.-]{0,49}$/.test(line));
}

/** Stores names in the cache; `change` gets the known ones. A write error is ignored. */
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
    // A system account without a home must not get one here.
    if (file.startsWith(place.home)) await access(place.home);
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    await writeFileAtomic(file, names.map((name) => `${name}\n`).join(""), { mode: 0o600 });
  } catch {
    // Completion offers the old names.
  }
}

/** Renames the cache of a renamed remote. */
export async function renameNames(place: CachePlace, from: string, to: string): Promise<void> {
  await rename(namesFile(place, from), namesFile(place, to)).catch(() => undefined);
}

export async function forgetNames(place: CachePlace, remote: string): Promise<void> {
  await rm(namesFile(place, remote), { force: true }).catch(() => undefined);
}
