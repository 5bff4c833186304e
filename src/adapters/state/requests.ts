import type { Row } from "./row.ts";
import type { State } from "./state.ts";

/** A request that was accepted once; its id is never accepted again. */
export interface StoredRequest {
  /** sha256 (hex) of the signed bytes. */
  readonly id: string;
  readonly action: string;
  readonly service: string | undefined;
  /** Fingerprint of the key that signed, or `root`. */
  readonly key: string;
  readonly accepted: number;
  /** When its token ends. */
  readonly expires: number;
  readonly tokenHash: string;
  readonly content: string;
  readonly job: number | undefined;
}

export function findRequest(state: State, id: string): StoredRequest | undefined {
  const sql = `SELECT id, action, service, key, accepted, expires, token_hash, content, job
    FROM requests WHERE id = ?`;
  const row = state.get(sql, id);
  return row && fromRow(row);
}

/** False when the request was accepted before; `body` is kept for pushes only: other actions may carry secrets. */
export function insertRequest(
  state: State,
  request: StoredRequest,
  body: Uint8Array | undefined,
): boolean {
  const { id, action, service = null, key, accepted, expires, content, job = null } = request;
  const sql = `INSERT INTO requests (id, action, service, key, accepted, expires, token_hash, content, job, body)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`;
  const asked = [id, action, service, key, accepted, expires, request.tokenHash, content] as const;
  return state.run(sql, ...asked, job, body ?? null).changes > 0;
}

export function setRequestJob(state: State, id: string, job: number): void {
  state.run("UPDATE requests SET job = ? WHERE id = ?", job, id);
}

/** The signed bytes of a push, until its job has ended. */
export const requestBody = (state: State, id: string): Uint8Array | undefined =>
  state.get("SELECT body FROM requests WHERE id = ?", id)?.bytes("body");

/** After the end of a job: its manifests are not needed any more, and its tokens end at `expires`. */
export function closeRequests(state: State, job: number, expires: number): void {
  state.run("UPDATE requests SET body = NULL, expires = ? WHERE job = ?", expires, job);
}

/** Forgets requests whose token ended before `before`; returns their ids, whose spool can go too. */
export const forgetRequests = (state: State, before: number): readonly string[] =>
  state
    .all(
      `DELETE FROM requests WHERE expires < ? AND (job IS NULL OR job NOT IN
         (SELECT id FROM jobs WHERE state IN ('queued', 'running'))) RETURNING id`,
      before,
    )
    .map((row) => row.text("id"));

const fromRow = (row: Row): StoredRequest => ({
  id: row.text("id"),
  action: row.text("action"),
  service: row.optionalText("service"),
  key: row.text("key"),
  accepted: row.integer("accepted"),
  expires: row.integer("expires"),
  tokenHash: row.text("token_hash"),
  content: row.text("content"),
  job: row.optionalInteger("job"),
});
