import { ensureMeta, readMeta } from "./meta.ts";
import type { State } from "./state.ts";

/** Enrolled public keys in the order they were added, as authorized_keys lines. */
export const readKeyLines = (state: State): readonly StoredKey[] =>
  state
    .all("SELECT fingerprint, line FROM keys ORDER BY added, rowid")
    .map((row) => ({ fingerprint: row.text("fingerprint"), line: row.text("line") }));

/** The line of one key; undefined when it is not enrolled. */
export const keyLine = (state: State, fingerprint: string): string | undefined =>
  state.get("SELECT line FROM keys WHERE fingerprint = ?", fingerprint)?.text("line");

export interface StoredKey {
  readonly fingerprint: string;
  readonly line: string;
}

/** When each key was used last, to the minute, by fingerprint; without those that never were. */
export function lastUses(state: State): ReadonlyMap<string, number> {
  const rows = state.all("SELECT fingerprint, last_used FROM keys WHERE last_used IS NOT NULL");
  return new Map(rows.map((row) => [row.text("fingerprint"), row.integer("last_used")]));
}

const useAgainMs = 60_000;

/** Remembers that a request was accepted with a key; writes once a minute at most. */
export function keyUsed(state: State, fingerprint: string, now: number): void {
  const sql =
    "UPDATE keys SET last_used = ?1 WHERE fingerprint = ?2 AND (last_used IS NULL OR last_used <= ?3)";
  state.run(sql, now, fingerprint, now - useAgainMs);
}

/** False when a key with that fingerprint is there already, which then stays as it was. */
export function addKey(state: State, key: StoredKey & { now: number; by: string }): boolean {
  const sql = `INSERT INTO keys (fingerprint, line, added, added_by) VALUES (?, ?, ?, ?)
    ON CONFLICT DO NOTHING`;
  return state.run(sql, key.fingerprint, key.line, key.now, key.by).changes > 0;
}

export const removeKey = (state: State, fingerprint: string): boolean =>
  state.run("DELETE FROM keys WHERE fingerprint = ?", fingerprint).changes > 0;

/** Takes over the keys that were enrolled before there was a state; only the first call does anything. */
export function importKeys(state: State, keys: readonly StoredKey[], now: number): void {
  if (readMeta(state, importedMark) !== undefined) return;
  state.transaction(() => {
    for (const { fingerprint, line } of keys) addKey(state, { fingerprint, line, now, by: "init" });
    ensureMeta(state, importedMark, () => String(now));
  });
}

const importedMark = "keys-imported";
