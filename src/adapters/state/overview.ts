import type { Release } from "../../core/release/release.ts";
import { readRelease } from "../../core/stored/records.ts";
import { serviceNames } from "./services.ts";
import type { State } from "./state.ts";

/** A service with the release that is live or was last, and its newest job. */
export interface StoredOverview {
  readonly service: string;
  /** Undefined while there was never one that went live, and where it is gone. */
  readonly current: { readonly release: Release; readonly state: string } | undefined;
  readonly job: StoredJobEnd | undefined;
}

export interface StoredJobEnd {
  readonly id: number;
  readonly action: string;
  readonly state: string;
  readonly created: number;
  readonly ended: number | undefined;
}

/** All services by name. */
export const overviews = (state: State): readonly StoredOverview[] =>
  serviceNames(state).map((service) => ({
    service,
    current: currentOf(state, service),
    job: newestJob(state, service),
  }));

/** Whatever else a release may be called than one that never ran or has been replaced. */
function currentOf(state: State, service: string): StoredOverview["current"] {
  const sql = `SELECT number, release, state FROM releases WHERE service = ?
    AND state NOT IN ('building', 'starting', 'retired', 'failed') ORDER BY number DESC LIMIT 1`;
  const row = state.get(sql, service);
  if (row === undefined) return undefined;
  const release = readRelease(row.text("release"), service, row.integer("number"));
  return { release, state: row.text("state") };
}

/** The newest job of a service that is still known. */
export function newestJob(state: State, service: string): StoredJobEnd | undefined {
  const sql =
    "SELECT id, action, state, created, ended FROM jobs WHERE service = ? ORDER BY id DESC LIMIT 1";
  const row = state.get(sql, service);
  if (row === undefined) return undefined;
  return {
    id: row.integer("id"),
    action: row.text("action"),
    state: row.text("state"),
    created: row.integer("created"),
    ended: row.optionalInteger("ended"),
  };
}
