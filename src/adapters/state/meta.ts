import type { State } from "./state.ts";

export const readMeta = (state: State, key: string): string | undefined =>
  state.get("SELECT value FROM meta WHERE key = ?", key)?.text("value");

/** The value under a key, made and kept on first use. */
export function ensureMeta(state: State, key: string, make: () => string): string {
  const known = readMeta(state, key);
  if (known !== undefined) return known;
  const made = make();
  state.run("INSERT INTO meta (key, value) VALUES (?, ?)", key, made);
  return made;
}

/** Puts a value under a key, over what was there. */
export function writeMeta(state: State, key: string, value: string): void {
  state.run("INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)", key, value);
}
