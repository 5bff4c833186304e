import type { Release } from "../../core/release/release.ts";
import type { ReleaseId } from "../../deploy/ports.ts";
import type { PushFrom } from "../../core/actions/push.ts";
import type { Receipt } from "../../core/actions/lifecycle.ts";
import { isSameRoute } from "../../core/routing/routes.ts";
import { ownRoutes } from "../../core/routing/takeovers.ts";
import { readFrom, readReceipt, readRelease } from "../../core/stored/records.ts";
import type { Row } from "./row.ts";
import type { State } from "./state.ts";

const releaseStates = ["building", "starting", "live", "stopped", "retired", "failed"] as const;
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
  /** The release that it repeats, for a rollback. */
  readonly repeats?: number;
  /** Where its code came from, as far as the laptop said. */
  readonly from?: PushFrom;
  /** What its switch took, once that has ended. */
  readonly receipt?: Receipt;
}

/** Writes a release under its number; a later call for the same number replaces what is known of it. */
export function putRelease(state: State, stored: StoredRelease): void {
  const { release, imageId, content, created, key, job, repeats = null, from } = stored;
  const sql = `INSERT INTO releases (service, number, release, image_id, content, state, created, key, job, repeats, came_from)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET release = excluded.release, image_id = excluded.image_id, state = excluded.state`;
  const known = [release.spec.service, release.number, JSON.stringify(release), imageId] as const;
  state.run(
    sql,
    ...known,
    content,
    stored.state,
    created,
    key,
    job,
    repeats,
    from === undefined ? null : JSON.stringify(from),
  );
}

/** Keeps what the switch to a release took. */
export const setReceipt = (state: State, release: ReleaseId, receipt: Receipt): void =>
  update(state, release, "receipt", JSON.stringify(receipt));

/** Keeps where the code of a release came from. */
export const setFrom = (state: State, release: ReleaseId, from: PushFrom): void =>
  update(state, release, "came_from", JSON.stringify(from));

export const setReleaseState = (state: State, release: ReleaseId, to: ReleaseState): void =>
  update(state, release, "state", to);

/** Replaces what is known of a release that was put. */
function rewrite(state: State, release: Release): void {
  const { number, spec } = release;
  update(state, { service: spec.service, number }, "release", JSON.stringify(release));
}

function update(
  state: State,
  { service, number }: ReleaseId,
  column: "receipt" | "state" | "release" | "came_from",
  value: string,
): void {
  const sql = `UPDATE releases SET ${column} = ? WHERE service = ? AND number = ?`;
  state.run(sql, value, service, number);
}

/** In one commit: the new release is live, the one that was is retired, and what other live releases have of its routes is yielded to it. */
export function setLive(state: State, service: string, number: number): void {
  state.transaction(() => {
    const sql =
      "UPDATE releases SET state = 'retired' WHERE service = ? AND state IN ('live', 'stopped') AND number != ?";
    state.run(sql, service, number);
    setReleaseState(state, { service, number }, "live");
    recordTakeovers(state, service);
  });
}

/** Their containers ask for those routes as long as they live, so their releases say that they lost them. */
function recordTakeovers(state: State, service: string): void {
  const taken = liveRelease(state, service)?.release.spec.routes ?? [];
  for (const { release } of liveReleases(state)) {
    if (release.spec.service === service) continue;
    const lost = ownRoutes(release).filter((route) => taken.some((own) => isSameRoute(own, route)));
    if (lost.length === 0) continue;
    rewrite(state, { ...release, yielded: [...(release.yielded ?? []), ...lost] });
  }
}

export const liveRelease = (state: State, service: string): StoredRelease | undefined =>
  releases(state, "WHERE service = ? AND state = 'live' ORDER BY number DESC", service)[0];

/** The live releases of all services. */
export const liveReleases = (state: State): readonly StoredRelease[] =>
  releases(state, "WHERE state = 'live' ORDER BY service");

/** What a service was stopped with and starts with again; undefined when it was not stopped. */
export const stoppedRelease = (state: State, service: string): StoredRelease | undefined =>
  releases(state, "WHERE service = ? AND state = 'stopped' ORDER BY number DESC", service)[0];

/** What a service is known by: what is live, else what it was stopped with. */
export const currentRelease = (state: State, service: string): StoredRelease | undefined =>
  liveRelease(state, service) ?? stoppedRelease(state, service);

/** Changes what a stopped service starts with. */
export const rewriteStopped = (state: State, release: Release): void => rewrite(state, release);

/** The stopped releases of all services. */
export const stoppedReleases = (state: State): readonly StoredRelease[] =>
  releases(state, "WHERE state = 'stopped' ORDER BY service");

/** Live and stopped releases and those that a running job is about to make live: whose routes are taken. */
export const claimingReleases = (state: State): readonly StoredRelease[] =>
  releases(
    state,
    `WHERE state IN ('live', 'stopped') OR (state IN ('building', 'starting') AND job IN
       (SELECT id FROM jobs WHERE state = 'running')) ORDER BY service, number`,
  );

/** All releases of all services, by service, newest first. */
export const allReleases = (state: State): readonly StoredRelease[] =>
  releases(state, "ORDER BY service, number DESC");

/** All releases of a service, newest first. */
export const listReleases = (state: State, service: string): readonly StoredRelease[] =>
  releases(state, "WHERE service = ? ORDER BY number DESC", service);

/** Forgets what can never run again, with the values in it: releases without an image that ended, but for the newest `keep` of a service. */
export function forgetReleases(state: State, service: string, keep: number): void {
  const sql = `DELETE FROM releases WHERE service = ?1 AND image_id = '' AND state IN ('retired', 'failed') AND number NOT IN
    (SELECT number FROM releases WHERE service = ?1 ORDER BY number DESC LIMIT ?2)`;
  state.run(sql, service, keep);
}

/** One release of a service; the others may be damaged. */
export const findRelease = (state: State, service: string, number: number) =>
  releases(state, "WHERE service = ? AND number = ?", service, number)[0];

/** The releases of one job. */
export const releasesOfJob = (state: State, job: number): readonly StoredRelease[] =>
  releases(state, "WHERE job = ? ORDER BY number", job);

function releases(
  state: State,
  where: string,
  ...values: readonly (string | number)[]
): readonly StoredRelease[] {
  return state.all(`SELECT * FROM releases ${where}`, ...values).map(fromRow);
}

function fromRow(row: Row): StoredRelease {
  const repeats = row.optionalInteger("repeats");
  const receipt = row.optionalText("receipt");
  const from = row.optionalText("came_from");
  const [service, number] = [row.text("service"), row.integer("number")];
  return {
    release: readRelease(row.text("release"), service, number),
    imageId: row.text("image_id"),
    content: row.text("content"),
    state: row.word("state", releaseStates),
    created: row.integer("created"),
    key: row.text("key"),
    job: row.integer("job"),
    ...(repeats !== undefined && { repeats }),
    ...(from !== undefined && { from: readFrom(from, service, number) }),
    ...(receipt !== undefined && { receipt: readReceipt(receipt, service, number) }),
  };
}
