import type { Users } from "../../core/routing/middlewares.ts";
import type { State } from "./state.ts";

/** A user of a service that asks for a password. */
export interface User {
  readonly name: string;
  /** Of bcrypt. */
  readonly hash: string;
  readonly since: number;
}

/** The users of one service, by name. */
export const usersOf = (state: State, service: string): readonly User[] =>
  state
    .all("SELECT name, hash, since FROM users WHERE service = ? ORDER BY name", service)
    .map((row) => ({
      name: row.text("name"),
      hash: row.text("hash"),
      since: row.integer("since"),
    }));

/** The passwords of all services, as the dynamic file needs them. */
export function readUsers(state: State): Users {
  const all = new Map<string, Record<string, string>>();
  for (const row of state.all("SELECT service, name, hash FROM users ORDER BY service, name")) {
    const known = all.get(row.text("service")) ?? {};
    all.set(row.text("service"), { ...known, [row.text("name")]: row.text("hash") });
  }
  return Object.fromEntries(all);
}

/** Keeps a user; an older password is forgotten. */
export function putUser(state: State, service: string, { name, hash, since }: User): void {
  const sql = `INSERT INTO users (service, name, hash, since) VALUES (?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET hash = excluded.hash, since = excluded.since`;
  state.run(sql, service, name, hash, since);
}

/** False when there was no such user. */
export const removeUser = (state: State, service: string, name: string): boolean =>
  state.run("DELETE FROM users WHERE service = ? AND name = ?", service, name).changes > 0;
