import { serviceForm } from "../../core/name-forms.ts";
import { access, mkdir, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { readIfThere, writeFileAtomic } from "../files.ts";

/** Where the files of a person are. */
export interface HomePlace {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
}

/** File with the service names of one remote, or of this server's own worker, one per line. */
function namesFile(place: HomePlace, remote: string | undefined): string {
  const cache = xdgFolder(place, "XDG_CACHE_HOME", ".cache");
  // No remote has a name with a dot.
  return join(cache, "mypaas", "services", remote ?? "this.server");
}

/** A folder of the XDG specification, which ignores a relative path. */
export function xdgFolder({ env, home }: HomePlace, name: string, usual: string): string {
  const given = env[name];
  return given?.startsWith("/") ? given : join(home, usual);
}

/** Service names in the cache, for completion; empty without a cache. */
export async function knownServices(
  place: HomePlace,
  remote: string | undefined,
): Promise<readonly string[]> {
  const bytes = await readIfThere(namesFile(place, remote)).catch(() => undefined);
  const lines = (bytes?.toString("utf8") ?? "").split("\n");
  return lines.filter((line) => serviceForm.test(line));
}

/** Stores names in the cache; `change` gets the known ones. A write error is ignored. */
export async function rememberServices(
  place: HomePlace,
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
export async function renameNames(place: HomePlace, from: string, to: string): Promise<void> {
  await rename(namesFile(place, from), namesFile(place, to)).catch(() => undefined);
}

export async function forgetNames(place: HomePlace, remote: string): Promise<void> {
  await rm(namesFile(place, remote), { force: true }).catch(() => undefined);
}
