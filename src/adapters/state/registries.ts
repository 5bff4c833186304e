import type { State } from "./state.ts";

/** A login at a registry; `host` as in FROM, with `docker.io` for Docker Hub. */
export interface RegistryLogin {
  readonly host: string;
  readonly username: string;
  readonly password: string;
  readonly since: number;
}

/** All logins that are kept, by host. */
export const readRegistries = (state: State): readonly RegistryLogin[] =>
  state.all("SELECT host, username, password, since FROM registries ORDER BY host").map((row) => ({
    host: row.text("host"),
    username: row.text("username"),
    password: row.text("password"),
    since: row.integer("since"),
  }));

/** Keeps a login; an older one for the same host is forgotten. */
export function putRegistry(state: State, login: RegistryLogin): void {
  const sql = `INSERT INTO registries (host, username, password, since) VALUES (?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET username = excluded.username, password = excluded.password, since = excluded.since`;
  state.run(sql, login.host, login.username, login.password, login.since);
}

/** Returns what was known of it but its password; undefined when there was no login. */
export function removeRegistry(
  state: State,
  host: string,
): Omit<RegistryLogin, "password"> | undefined {
  const sql = "DELETE FROM registries WHERE host = ? RETURNING host, username, since";
  const row = state.get(sql, host);
  if (row === undefined) return undefined;
  return { host: row.text("host"), username: row.text("username"), since: row.integer("since") };
}
