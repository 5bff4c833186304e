import { readStepData, type StepData } from "../../core/stored/records.ts";
import type { State } from "./state.ts";

/** One entry of a job's journal, in the order it happened. */
export interface Step {
  readonly seq: number;
  readonly step: string;
  readonly phase: "intent" | "outcome";
  readonly data: StepData;
  readonly at: number;
}

/** On disk when the call returns: what follows may rely on it after a power cut. */
export function appendStep(
  state: State,
  job: number,
  step: Omit<Step, "seq" | "data"> & { readonly data: unknown },
): void {
  const sql = `INSERT INTO steps (job, seq, step, phase, data, at)
    VALUES (?1, (SELECT COALESCE(MAX(seq) + 1, 0) FROM steps WHERE job = ?1), ?2, ?3, ?4, ?5)`;
  state.run(sql, job, step.step, step.phase, JSON.stringify(step.data ?? null), step.at);
}

export const readSteps = (state: State, job: number): readonly Step[] =>
  state
    .all("SELECT seq, step, phase, data, at FROM steps WHERE job = ? ORDER BY seq", job)
    .map((row) => ({
      seq: row.integer("seq"),
      step: row.text("step"),
      phase: row.word("phase", ["intent", "outcome"]),
      data: readStepData(row.text("data"), job),
      at: row.integer("at"),
    }));

/** Jobs in whose journal the step begins but does not end, oldest first. */
export function unfinishedSteps(
  state: State,
  step: string,
): readonly { readonly job: number; readonly service: string }[] {
  const sql = `SELECT DISTINCT jobs.id AS job, jobs.service AS service FROM steps JOIN jobs ON jobs.id = steps.job
    WHERE steps.step = ?1 AND steps.phase = 'intent' AND NOT EXISTS
      (SELECT 1 FROM steps AS o WHERE o.job = jobs.id AND o.step = ?1 AND o.phase = 'outcome')
    ORDER BY jobs.id`;
  const rows = state.all(sql, step);
  return rows.map((row) => ({ job: row.integer("job"), service: row.text("service") }));
}
