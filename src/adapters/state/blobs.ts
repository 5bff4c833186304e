import type { WantedBlob } from "../../core/wire/protocol.ts";
import type { State } from "./state.ts";

/** True when this service has sent the blob before; what other services have sent is none of its business. */
export function knowsBlob(state: State, service: string, sha256: string): boolean {
  const sql = "SELECT 1 FROM blobs WHERE service = ? AND sha256 = ?";
  return state.get(sql, service, sha256) !== undefined;
}

/** The size of a blob that this service has sent before. */
export const knownSize = (state: State, service: string, sha256: string): number | undefined =>
  state
    .get("SELECT size FROM blobs WHERE service = ? AND sha256 = ?", service, sha256)
    ?.integer("size");

/** Records that a job of the service needs these blobs, which therefore stay. */
export function recordBlobs(
  state: State,
  service: string,
  job: number,
  blobs: readonly WantedBlob[],
): void {
  const sql = `INSERT INTO blobs (service, sha256, size, last_job) VALUES (?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET last_job = MAX(last_job, excluded.last_job)`;
  state.transaction(() => {
    for (const { sha256, size } of blobs) state.run(sql, service, sha256, size, job);
  });
}

/** Forgets that a service has a blob, because the file is gone. */
export function forgetBlob(state: State, service: string, sha256: string): void {
  state.run("DELETE FROM blobs WHERE service = ? AND sha256 = ?", service, sha256);
}

/** Forgets blobs of a service that neither its last `keep` pushes nor an unfinished one name. */
export function forgetOldBlobs(state: State, service: string, keep: number): void {
  const sql = `DELETE FROM blobs WHERE service = ?1 AND last_job < MIN(
    (SELECT COALESCE(MIN(id), 0) FROM
      (SELECT id FROM jobs WHERE service = ?1 AND state != 'superseded' ORDER BY id DESC LIMIT ?2)),
    (SELECT COALESCE(MIN(id), 9223372036854775807) FROM jobs
      WHERE service = ?1 AND state IN ('queued', 'running')))`;
  state.run(sql, service, keep);
}

/** True when any service still needs the blob. */
export const isBlobReferenced = (state: State, sha256: string): boolean =>
  state.get("SELECT 1 FROM blobs WHERE sha256 = ? LIMIT 1", sha256) !== undefined;

/** The services that have sent each blob. */
export function blobOwners(state: State): ReadonlyMap<string, readonly string[]> {
  const owners = new Map<string, string[]>();
  for (const row of state.all("SELECT sha256, service FROM blobs")) {
    const sha256 = row.text("sha256");
    const known = owners.get(sha256);
    if (known === undefined) owners.set(sha256, [row.text("service")]);
    else known.push(row.text("service"));
  }
  return owners;
}
