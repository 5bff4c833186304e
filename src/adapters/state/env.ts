import type { State } from "./state.ts";

/** Variables by name; undefined takes one away. */
export type EnvChanges = Readonly<Record<string, string | undefined>>;

export const definedOnly = (values: EnvChanges): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(values).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );

/** Values set on the server for one service, by name. */
export function readEnv(state: State, service: string): Readonly<Record<string, string>> {
  const rows = state.all("SELECT name, value FROM env WHERE service = ? ORDER BY name", service);
  return Object.fromEntries(rows.map((row) => [row.text("name"), row.text("value")]));
}

export function setEnv(
  state: State,
  service: string,
  values: Readonly<Record<string, string>>,
): void {
  const sql = `INSERT INTO env (service, name, value) VALUES (?, ?, ?)
    ON CONFLICT DO UPDATE SET value = excluded.value`;
  state.transaction(() => {
    for (const [name, value] of Object.entries(values)) state.run(sql, service, name, value);
  });
}

/** Returns the names that were really there. */
export function unsetEnv(state: State, service: string, names: readonly string[]) {
  const sql = "DELETE FROM env WHERE service = ? AND name = ?";
  return state.transaction(() => names.filter((name) => state.run(sql, service, name).changes > 0));
}
