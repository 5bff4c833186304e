import type { Row } from "./row.ts";
import type { State } from "./state.ts";

/** A repository from which a service is deployed. */
export interface Link {
  readonly service: string;
  /** Random: names the link to a forge. */
  readonly id: string;
  readonly url: string;
  readonly branch: string;
  readonly dockerfile: string;
  readonly token: string | undefined;
  /** The seed of its deploy key, base64; for ssh. */
  readonly deployKey: string | undefined;
  /** The host key, as known_hosts has it, or only its fingerprint before the first fetch. */
  readonly hostKey: string | undefined;
  /** Of its webhooks. */
  readonly secret: string;
  readonly auto: boolean;
  readonly pollMs: number | undefined;
  /** Whose rights it has: a fingerprint, or `root`. */
  readonly key: string;
  readonly since: number;
  /** The commit that a look found last. */
  readonly seen: string | undefined;
  /** What became of the last report to the forge. */
  readonly status: string | undefined;
}

/** All links, by service. */
export const readLinks = (state: State): readonly Link[] =>
  state.all("SELECT * FROM links ORDER BY service").map(linkOf);

/** Undefined where the service has none. */
export function findLink(state: State, service: string): Link | undefined {
  const row = state.get("SELECT * FROM links WHERE service = ?", service);
  return row === undefined ? undefined : linkOf(row);
}

/** Undefined for an id that no link has. */
export function linkById(state: State, id: string): Link | undefined {
  const row = state.get("SELECT * FROM links WHERE id = ?", id);
  return row === undefined ? undefined : linkOf(row);
}

/** Keeps a link in the place of an older one of the service. */
export function putLink(state: State, link: Link): void {
  removeLink(state, link.service);
  const { service, id, url, branch, dockerfile, token, secret, auto, pollMs, key, since } = link;
  state.run(
    `INSERT INTO links (service, id, url, branch, dockerfile, token, secret, auto, poll_ms, key, since, deploy_key, host_key)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    service,
    id,
    url,
    branch,
    dockerfile,
    token ?? null,
    secret,
    auto ? 1 : 0,
    pollMs ?? null,
    key,
    since,
    link.deployKey ?? null,
    link.hostKey ?? null,
  );
}

/** Returns the link that is gone; undefined when there was none. */
export function removeLink(state: State, service: string): Link | undefined {
  const link = findLink(state, service);
  if (link === undefined) return undefined;
  state.run("DELETE FROM links WHERE id = ?", link.id);
  state.run("DELETE FROM link_deliveries WHERE link = ?", link.id);
  return link;
}

/** Keeps the commit that a look found. */
export const setSeen = (state: State, { id }: Link, commit: string): void =>
  void state.run("UPDATE links SET seen = ? WHERE id = ?", commit, id);

/** Keeps the host key that the first fetch found; a whole key that is there already stays. */
export const pinHostKey = (state: State, { id }: Link, hostKey: string): void =>
  void state.run(
    "UPDATE links SET host_key = ? WHERE id = ? AND (host_key IS NULL OR host_key LIKE 'SHA256:%')",
    hostKey,
    id,
  );

/** The job of a delivery that came before. */
export function jobOfDelivery(state: State, { id }: Link, body: string): number | undefined {
  const sql = "SELECT job FROM link_deliveries WHERE link = ? AND body = ?";
  return state.get(sql, id, body)?.integer("job");
}

const keptDeliveries = 200;

/** Keeps what a delivery became; the oldest of the link are forgotten. */
export function keepDelivery(
  state: State,
  { id }: Link,
  { body, job, at }: { readonly body: string; readonly job: number; readonly at: number },
): void {
  const sql =
    "INSERT INTO link_deliveries (link, body, job, at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING";
  state.run(sql, id, body, job, at);
  const old = `DELETE FROM link_deliveries WHERE link = ? AND body NOT IN
    (SELECT body FROM link_deliveries WHERE link = ? ORDER BY at DESC, job DESC LIMIT ?)`;
  state.run(old, id, id, keptDeliveries);
}

const linkOf = (row: Row): Link => ({
  service: row.text("service"),
  id: row.text("id"),
  url: row.text("url"),
  branch: row.text("branch"),
  dockerfile: row.text("dockerfile"),
  token: row.optionalText("token"),
  deployKey: row.optionalText("deploy_key"),
  hostKey: row.optionalText("host_key"),
  secret: row.text("secret"),
  auto: row.integer("auto") === 1,
  pollMs: row.optionalInteger("poll_ms"),
  key: row.text("key"),
  since: row.integer("since"),
  seen: row.optionalText("seen"),
  status: row.optionalText("status"),
});
