import type { ServerValues } from "../../core/release/values.ts";
import type { State } from "./state.ts";

/** Values set on the server for one service, by name. */
export function readValues(state: State, service: string): ServerValues {
  const sql = "SELECT name, value, secret FROM env WHERE service = ? ORDER BY name";
  const rows = state.all(sql, service);
  return Object.fromEntries(
    rows.map((row) => [
      row.text("name"),
      { value: row.text("value"), isSecret: row.integer("secret") === 1 },
    ]),
  );
}

export function setValues(state: State, service: string, values: ServerValues): void {
  const sql = `INSERT INTO env (service, name, value, secret) VALUES (?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET value = excluded.value, secret = excluded.secret`;
  state.transaction(() => {
    for (const [name, { value, isSecret }] of Object.entries(values))
      state.run(sql, service, name, value, isSecret ? 1 : 0);
  });
}

/** Returns the names that were really there. */
export function unsetValues(state: State, service: string, names: readonly string[]) {
  const sql = "DELETE FROM env WHERE service = ? AND name = ?";
  return state.transaction(() => names.filter((name) => state.run(sql, service, name).changes > 0));
}
