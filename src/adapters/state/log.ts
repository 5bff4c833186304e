import type { LoggedEvent } from "../../core/wire/events.ts";
import { readStoredEvent } from "../../core/stored/events.ts";
import type { State } from "./state.ts";

/** Appends events in one commit; their offsets go on where the log of each job ends. */
export function insertLog(state: State, job: number, events: readonly LoggedEvent[]): void {
  const sql = "INSERT INTO job_log (job, offset, at, event) VALUES (?, ?, ?, ?)";
  state.transaction(() => {
    for (const { offset, at, ...event } of events)
      state.run(sql, job, offset, at, JSON.stringify(event));
  });
}

/** At most `limit` events from offset `from` on. */
export function readLog(state: State, { job, from, limit }: LogPart): readonly LoggedEvent[] {
  const sql =
    "SELECT offset, at, event FROM job_log WHERE job = ? AND offset >= ? ORDER BY offset LIMIT ?";
  return state.all(sql, job, from, limit).map((row) => {
    const about = { job, offset: row.integer("offset"), at: row.integer("at") };
    return readStoredEvent(row.text("event"), about);
  });
}

export interface LogPart {
  readonly job: number;
  readonly from: number;
  readonly limit: number;
}

/** True when the log of a job holds an event of this kind. */
export function hasLogged(state: State, job: number, kind: LoggedEvent["kind"]): boolean {
  const found = `SELECT 1 FROM job_log WHERE job = ?
    AND CASE WHEN json_valid(event) THEN json_extract(event, '$.kind') END = ? LIMIT 1`;
  return state.get(found, job, kind) !== undefined;
}

/** The offset that the next event of a job gets. */
export function nextOffset(state: State, job: number): number {
  const sql = "SELECT COALESCE(MAX(offset) + 1, 0) AS next FROM job_log WHERE job = ?";
  return state.get(sql, job)?.integer("next") ?? 0;
}
