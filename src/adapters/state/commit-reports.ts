import type { Row } from "./row.ts";
import type { State } from "./state.ts";

/** A commit whose forge is to hear how its job ends. */
export interface CommitReport {
  readonly job: number;
  /** Id of the link. */
  readonly link: string;
  readonly commit: string;
  /** True when the forge has heard that the job runs. */
  readonly isBegun: boolean;
}

/** Keeps that a forge is to hear of a job; it stays until that is done. */
export const addReport = (state: State, report: Omit<CommitReport, "isBegun">): void =>
  void state.run(
    "INSERT INTO commit_reports (job, link, commit_id, begun) VALUES (?, ?, ?, 0) ON CONFLICT DO NOTHING",
    report.job,
    report.link,
    report.commit,
  );

/** All that a forge has still to hear, oldest first. */
export const openReports = (state: State): readonly CommitReport[] =>
  state.all("SELECT * FROM commit_reports ORDER BY job").map(reportOf);

export const setBegun = (state: State, { job }: CommitReport): void =>
  void state.run("UPDATE commit_reports SET begun = 1 WHERE job = ?", job);

export const removeReport = (state: State, { job }: CommitReport): void =>
  void state.run("DELETE FROM commit_reports WHERE job = ?", job);

/** Keeps what became of the last report of a link, as a sentence. */
export const setStatus = (state: State, { link }: CommitReport, status: string): void =>
  void state.run("UPDATE links SET status = ? WHERE id = ?", status, link);

const reportOf = (row: Row): CommitReport => ({
  job: row.integer("job"),
  link: row.text("link"),
  commit: row.text("commit_id"),
  isBegun: row.integer("begun") === 1,
});
