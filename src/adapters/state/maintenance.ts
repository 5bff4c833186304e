import type { Maintenance } from "../../core/routing/routing-state.ts";
import type { Row } from "./row.ts";
import type { State } from "./state.ts";

/** The services in maintenance, by name. */
export const readMaintenance = (state: State): readonly Maintenance[] =>
  state.all("SELECT service, text, since, pass FROM maintenance ORDER BY service").map(fromRow);

/** The maintenance of one service; undefined when there is none. */
export function maintenanceOf(state: State, service: string): Maintenance | undefined {
  const sql = "SELECT service, text, since, pass FROM maintenance WHERE service = ?";
  const row = state.get(sql, service);
  return row && fromRow(row);
}

const fromRow = (row: Row): Maintenance => ({
  service: row.text("service"),
  text: row.text("text"),
  since: row.integer("since"),
  pass: row.text("pass"),
});

/** Begins a maintenance, or gives the one that is there another text. */
export function beginMaintenance(state: State, { service, text, since, pass }: Maintenance): void {
  const sql = `INSERT INTO maintenance (service, text, since, pass) VALUES (?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET text = excluded.text`;
  state.run(sql, service, text, since, pass);
}

/** Fine when there is none. */
export function endMaintenance(state: State, service: string): void {
  state.run("DELETE FROM maintenance WHERE service = ?", service);
}
