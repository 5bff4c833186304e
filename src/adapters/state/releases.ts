import type { Release } from "../../core/release/release.ts";
import type { Row } from "./row.ts";
import type { State } from "./state.ts";

const releaseStates = ["building", "starting", "live", "retired", "failed"] as const;
export type ReleaseState = (typeof releaseStates)[number];

/** A release and what became of it. */
export interface StoredRelease {
  readonly release: Release;
  readonly imageId: string;
  /** Content id of the push that it came from. */
  readonly content: string;
  readonly state: ReleaseState;
  readonly created: number;
  readonly key: string;
  readonly job: number;
}

/** Writes a release under its number; a later call for the same number replaces what is known of it. */
export function putRelease(state: State, stored: StoredRelease): void {
  const { release } = stored;
  state.run(
    `INSERT INTO releases (service, number, release, image_id, content, state, created, key, job)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT DO UPDATE SET release = excluded.release, image_id = excluded.image_id, state = excluded.state`,
    release.spec.service,
    release.number,
    JSON.stringify(release),
    stored.imageId,
    stored.content,
    stored.state,
    stored.created,
    stored.key,
    stored.job,
  );
}

export function setReleaseState(
  state: State,
  release: Pick<Release, "number"> & { readonly service: string },
  to: ReleaseState,
): void {
  state.run(
    "UPDATE releases SET state = ? WHERE service = ? AND number = ?",
    to,
    release.service,
    release.number,
  );
}

/** In one commit: the new release is live, the one that was is retired. */
export function setLive(state: State, service: string, number: number): void {
  state.transaction(() => {
    state.run(
      "UPDATE releases SET state = 'retired' WHERE service = ? AND state = 'live' AND number != ?",
      service,
      number,
    );
    setReleaseState(state, { service, number }, "live");
  });
}

export function liveRelease(state: State, service: string): StoredRelease | undefined {
  return releases(state, "WHERE service = ? AND state = 'live' ORDER BY number DESC", service)[0];
}

/** The live releases of all services. */
export function liveReleases(state: State): readonly StoredRelease[] {
  return releases(state, "WHERE state = 'live' ORDER BY service");
}

/** Live releases and those that a running job is about to make live: whose routes are taken. */
export function claimingReleases(state: State): readonly StoredRelease[] {
  return releases(
    state,
    `WHERE state = 'live' OR (state IN ('building', 'starting') AND job IN
       (SELECT id FROM jobs WHERE state = 'running')) ORDER BY service, number`,
  );
}

/** All releases of a service, newest first. */
export function listReleases(state: State, service: string): readonly StoredRelease[] {
  return releases(state, "WHERE service = ? ORDER BY number DESC", service);
}

/** Forgets what can never run again, with the values in it: releases without an image that ended, but for the newest `keep` of a service. */
export function forgetReleases(state: State, service: string, keep: number): void {
  state.run(
    `DELETE FROM releases WHERE service = ?1 AND image_id = '' AND state IN ('retired', 'failed') AND number NOT IN
       (SELECT number FROM releases WHERE service = ?1 ORDER BY number DESC LIMIT ?2)`,
    service,
    keep,
  );
}

/** The releases of one job. */
export function releasesOfJob(state: State, job: number): readonly StoredRelease[] {
  return releases(state, "WHERE job = ? ORDER BY number", job);
}

function releases(
  state: State,
  where: string,
  ...values: readonly (string | number)[]
): readonly StoredRelease[] {
  return state
    .all(
      `SELECT release, image_id, content, state, created, key, job FROM releases ${where}`,
      ...values,
    )
    .map(fromRow);
}

function fromRow(row: Row): StoredRelease {
  return {
    // Only putRelease writes this column.
    release: JSON.parse(row.text("release")) as Release,
    imageId: row.text("image_id"),
    content: row.text("content"),
    state: row.word("state", releaseStates),
    created: row.integer("created"),
    key: row.text("key"),
    job: row.integer("job"),
  };
}
