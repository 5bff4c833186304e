import type { Receipt } from "../../core/actions/lifecycle.ts";
import { readStoredEvent } from "../../core/stored/events.ts";
import { readReceipt } from "../../core/stored/records.ts";
import { jobStates, type Job } from "./jobs.ts";
import type { Row } from "./row.ts";
import type { State } from "./state.ts";

/** A job with its times and the release that it made. */
export interface ListedJob extends Pick<Job, "id" | "service" | "key" | "action" | "state"> {
  /** Milliseconds since the epoch. */
  readonly created: number;
  readonly started: number | undefined;
  readonly ended: number | undefined;
  readonly release: number | undefined;
  readonly receipt: Receipt | undefined;
}

interface ListPart {
  readonly services: readonly string[];
  /** Only jobs with a smaller number. */
  readonly before: number | undefined;
  readonly limit: number;
}

const select = `SELECT jobs.id, jobs.service, jobs.key, jobs.action, jobs.state, jobs.created, jobs.started, jobs.ended, number, receipt
  FROM jobs LEFT JOIN releases ON releases.service = jobs.service AND releases.job = jobs.id`;

/** Jobs of these services, newest first. */
export function listJobs(state: State, wanted: ListPart): readonly ListedJob[] {
  const sql = `${select} WHERE jobs.service IN (SELECT value FROM json_each(?)) AND jobs.id < ?
    GROUP BY jobs.id ORDER BY jobs.id DESC LIMIT ?`;
  const services = JSON.stringify(wanted.services);
  const before = wanted.before ?? Number.MAX_SAFE_INTEGER;
  return state.all(sql, services, before, wanted.limit).map(fromRow);
}

/** One job; undefined for one that is not known any more. */
export function listedJob(state: State, id: number): ListedJob | undefined {
  const row = state.get(`${select} WHERE jobs.id = ? GROUP BY jobs.id`, id);
  return row && fromRow(row);
}

/** All services that have jobs, those that were removed as well; "" where the server has some. */
export const servicesWithJobs = (state: State): readonly string[] =>
  state.all("SELECT DISTINCT service FROM jobs").map((row) => row.text("service"));

/** The sentence with which a job ended that did not do what it was for. */
export function failureOf(state: State, job: number): string | undefined {
  const sql = `SELECT offset, at, event FROM job_log WHERE job = ?
    AND CASE WHEN json_valid(event) THEN json_extract(event, '$.kind') END = 'failed' ORDER BY offset DESC LIMIT 1`;
  const row = state.get(sql, job);
  if (row === undefined) return undefined;
  const about = { job, offset: row.integer("offset"), at: row.integer("at") };
  const event = readStoredEvent(row.text("event"), about);
  return event.kind === "failed" ? event.message : undefined;
}

function fromRow(row: Row): ListedJob {
  const service = row.text("service");
  const release = row.optionalInteger("number");
  const receipt = row.optionalText("receipt");
  return {
    id: row.integer("id"),
    service,
    key: row.text("key"),
    action: row.text("action"),
    state: row.word("state", jobStates),
    created: row.integer("created"),
    started: row.optionalInteger("started"),
    ended: row.optionalInteger("ended"),
    release,
    receipt:
      release === undefined || receipt === undefined
        ? undefined
        : readReceipt(receipt, service, release),
  };
}
