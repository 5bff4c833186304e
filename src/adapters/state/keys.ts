import { ensureMeta, readMeta } from "./meta.ts";
import type { State } from "./state.ts";

/** Enrolled public keys in the order they were added, as authorized_keys lines. */
export function readKeyLines(state: State): readonly StoredKey[] {
  return state
    .all("SELECT fingerprint, line FROM keys ORDER BY added, rowid")
    .map((row) => ({ fingerprint: row.text("fingerprint"), line: row.text("line") }));
}

export interface StoredKey {
  readonly fingerprint: string;
  readonly line: string;
}

/** False when a key with that fingerprint is there already, which then stays as it was. */
export function addKey(state: State, key: StoredKey & { now: number; by: string }): boolean {
  const { changes } = state.run(
    "INSERT INTO keys (fingerprint, line, added, added_by) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
    key.fingerprint,
    key.line,
    key.now,
    key.by,
  );
  return changes > 0;
}

export function removeKey(state: State, fingerprint: string): boolean {
  return state.run("DELETE FROM keys WHERE fingerprint = ?", fingerprint).changes > 0;
}

/** Takes over the keys that were enrolled before there was a state; only the first call does anything. */
export function importKeys(state: State, keys: readonly StoredKey[], now: number): void {
  if (readMeta(state, importedMark) !== undefined) return;
  state.transaction(() => {
    for (const { fingerprint, line } of keys) addKey(state, { fingerprint, line, now, by: "init" });
    ensureMeta(state, importedMark, () => String(now));
  });
}

const importedMark = "keys-imported";
