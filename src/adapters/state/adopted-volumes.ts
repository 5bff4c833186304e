import type { State } from "./state.ts";

/** Volumes that the engine has under another name than mypaas would give them, by the name in the Dockerfile. */
export function adoptedVolumes(state: State, service: string): ReadonlyMap<string, string> {
  const rows = state.all("SELECT name, volume FROM adopted_volumes WHERE service = ?", service);
  return new Map(rows.map((row) => [row.text("name"), row.text("volume")]));
}

/** The services of all such volumes, by the name that the engine has. */
export function adopters(state: State): ReadonlyMap<string, string> {
  const rows = state.all("SELECT volume, service FROM adopted_volumes");
  return new Map(rows.map((row) => [row.text("volume"), row.text("service")]));
}

/** Remembers under which name the engine has a volume of a service. */
export function adoptVolume(
  state: State,
  service: string,
  { name, volume }: { readonly name: string; readonly volume: string },
): void {
  const sql = "INSERT OR REPLACE INTO adopted_volumes (service, name, volume) VALUES (?, ?, ?)";
  state.run(sql, service, name, volume);
}

/** Forgets a volume that was removed. */
export function forgetAdopted(state: State, service: string, volume: string): void {
  state.run("DELETE FROM adopted_volumes WHERE service = ? AND volume = ?", service, volume);
}
