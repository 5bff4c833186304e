import type { Row } from "./row.ts";
import type { State } from "./state.ts";

const jobEnds = ["done", "failed", "cancelled", "superseded", "interrupted"] as const;
export const jobStates = ["queued", "running", ...jobEnds] as const;

/** The states in which a job stays for ever. */
export type JobEnd = (typeof jobEnds)[number];

/** One accepted deploy. */
export interface Job {
  readonly id: number;
  readonly service: string;
  /** Id of the request whose manifest it deploys. */
  readonly request: string;
  readonly key: string;
  /** What the request asks for, such as `push`. */
  readonly action: string;
  readonly content: string;
  readonly state: (typeof jobStates)[number];
}

const columns = "id, service, request, key, action, content, state";

export function insertJob(state: State, job: Omit<Job, "id" | "state">, now: number): Job {
  const { service, request, key, action, content } = job;
  const sql = `INSERT INTO jobs (service, request, key, action, content, state, created)
    VALUES (?, ?, ?, ?, ?, 'queued', ?)`;
  const { lastId } = state.run(sql, service, request, key, action, content, now);
  return { ...job, id: lastId, state: "queued" };
}

export function findJob(state: State, id: number): Job | undefined {
  const row = state.get(`SELECT ${columns} FROM jobs WHERE id = ?`, id);
  return row && fromRow(row);
}

/** Queued and running jobs, oldest first; of one service or of all. */
export function unfinishedJobs(state: State, service?: string): readonly Job[] {
  const where = "state IN ('queued', 'running') AND (?1 IS NULL OR service = ?1)";
  const sql = `SELECT ${columns} FROM jobs WHERE ${where} ORDER BY id`;
  return state.all(sql, service ?? null).map(fromRow);
}

/** False when the job is not queued any more. */
export function beginJob(state: State, id: number, now: number): boolean {
  const sql = "UPDATE jobs SET state = 'running', started = ? WHERE id = ? AND state = 'queued'";
  return state.run(sql, now, id).changes > 0;
}

/** Puts an interrupted job back into the queue, if it may run twice. */
export function queueAgain(state: State, id: number): void {
  state.run("UPDATE jobs SET state = 'queued' WHERE id = ? AND state = 'running'", id);
}

/** False when the job had ended before, which then stays its end. */
export function endJob(state: State, id: number, end: JobEnd, now: number): boolean {
  const sql =
    "UPDATE jobs SET state = ?, ended = ? WHERE id = ? AND state IN ('queued', 'running')";
  return state.run(sql, end, now, id).changes > 0;
}

/** Forgets all but the newest `keep` ended jobs of a service, with their logs and steps. */
export function forgetJobs(state: State, service: string, keep: number): void {
  const sql = `DELETE FROM jobs WHERE service = ?1 AND state NOT IN ('queued', 'running') AND id NOT IN
    (SELECT id FROM jobs WHERE service = ?1 ORDER BY id DESC LIMIT ?2)`;
  state.run(sql, service, keep);
}

const fromRow = (row: Row): Job => ({
  id: row.integer("id"),
  service: row.text("service"),
  request: row.text("request"),
  key: row.text("key"),
  action: row.text("action"),
  content: row.text("content"),
  state: row.word("state", jobStates),
});
