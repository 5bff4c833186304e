import { grantShape, type UsedToken } from "../../core/stored/records.ts";
import { inState, readStored } from "../../core/stored/stored.ts";
import type { Grant } from "../../core/wire/grant.ts";
import type { State } from "./state.ts";

/** A grant that was used, and the key that made it. */
export interface UsedGrant {
  readonly grant: UsedToken;
  /** Fingerprint. */
  readonly key: string;
  readonly lastUsed: number;
}

const useAgainMs = 60_000;

/** Remembers what a token allowed and when it was used; writes once a minute at most. */
export function grantUsed(state: State, grant: Grant, key: string, now: number): void {
  const sql = `INSERT INTO used_grants (id, key, record, expires, last_used) VALUES (?1, ?2, ?3, ?4, ?5)
    ON CONFLICT DO UPDATE SET last_used = ?5 WHERE last_used <= ?6`;
  const { id, name, services, actions, access, expires } = grant;
  const record: UsedToken = { id, name, services, actions, access, expires };
  state.run(sql, id, key, JSON.stringify(record), expires, now, now - useAgainMs);
}

/** The grants that were used and have not ended, the newest first. */
export const usedGrants = (state: State, now: number): readonly UsedGrant[] =>
  state
    .all(
      "SELECT record, key, last_used FROM used_grants WHERE expires > ? ORDER BY last_used DESC, id",
      now,
    )
    .map((row) => ({
      grant: readStored(row.text("record"), grantShape, inState("a token")),
      key: row.text("key"),
      lastUsed: row.integer("last_used"),
    }));

/** True for a grant that this key, or somebody who may manage keys, has revoked. */
export const isRevoked = (state: State, id: string, key: string): boolean =>
  state.get("SELECT id FROM revoked_grants WHERE id = ? AND key IN (?, '')", id, key) !== undefined;

/** Revokes the grant of a key, or of every key; kept until it has ended. */
export function revokeGrant(
  state: State,
  revoked: {
    readonly id: string;
    /** Undefined: whatever key made it. */
    readonly key: string | undefined;
    readonly now: number;
    readonly expires: number;
  },
): void {
  const { id, key, now, expires } = revoked;
  const sql =
    "INSERT INTO revoked_grants (id, key, at, expires) VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET expires = max(expires, excluded.expires)";
  state.run(sql, id, key ?? "", now, expires);
}

/** Forgets grants that have ended. */
export function forgetGrants(state: State, now: number): void {
  state.run("DELETE FROM used_grants WHERE expires <= ?", now);
  state.run("DELETE FROM revoked_grants WHERE expires <= ?", now);
}
