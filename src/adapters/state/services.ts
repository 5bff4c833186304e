import type { Project } from "../../core/push/project.ts";
import { web } from "../../core/release/processes.ts";
import { readProject, readScaleOverride, type ScaleOverride } from "../../core/stored/records.ts";
import { removeLink } from "./links.ts";
import { writeMeta } from "./meta.ts";
import type { State } from "./state.ts";

/** Name of the service that owns a slug, undefined when it is free. */
export const slugOwner = (state: State, slug: string): string | undefined =>
  state.get("SELECT name FROM services WHERE slug = ?", slug)?.text("name");

/** True once a push of the service has begun to build. */
export const knowsService = (state: State, service: string): boolean =>
  state.get("SELECT 1 FROM services WHERE name = ?", service) !== undefined;

/** All services that are known, sorted. */
export const serviceNames = (state: State): readonly string[] =>
  state.all("SELECT name FROM services ORDER BY name").map((row) => row.text("name"));

/** Makes the service known; a second call changes nothing. */
export function ensureService(
  state: State,
  { name, slug, now }: { readonly name: string; readonly slug: string; readonly now: number },
): void {
  const sql = `INSERT INTO services (name, slug, created, next_release)
    VALUES (?1, ?2, ?3, COALESCE((SELECT CAST(value AS INTEGER) FROM meta WHERE key = ?4), 1))
    ON CONFLICT (name) DO NOTHING`;
  state.run(sql, name, slug, now, numberKey(name));
}

/** Takes the next release number of a service; a number once taken is never given again, whatever becomes of it. */
export function takeReleaseNumber(state: State, service: string): number {
  const sql = `UPDATE services SET next_release = next_release + 1 WHERE name = ?
    RETURNING next_release - 1 AS number`;
  const row = state.get(sql, service);
  if (row === undefined) throw new Error(`no service ${service}`);
  return row.integer("number");
}

/** Undefined where the Dockerfile alone decides. */
export function scaleOverride(
  state: State,
  service: string,
  process = web,
): ScaleOverride | undefined {
  return scaleOverrides(state, service).get(process);
}

/** The scales that commands have set, by process. */
export function scaleOverrides(state: State, service: string): ReadonlyMap<string, ScaleOverride> {
  const own = state.get("SELECT scale FROM services WHERE name = ?", service);
  const text = own?.optionalText("scale");
  const rows = state.all("SELECT process, scale FROM process_scales WHERE service = ?", service);
  return new Map(
    [
      ...(text === undefined ? [] : [[web, text] as const]),
      ...rows.map((row) => [row.text("process"), row.text("scale")] as const),
    ].map(([process, scale]) => [process, readScaleOverride(scale, service)]),
  );
}

/** The project that a service was last pushed from; undefined where that is not known. */
export function projectOf(state: State, service: string): Project | undefined {
  const row = state.get("SELECT project FROM services WHERE name = ?", service);
  const text = row?.optionalText("project");
  return text === undefined ? undefined : readProject(text, service);
}

export function setProject(state: State, service: string, project: string): void {
  state.run("UPDATE services SET project = ? WHERE name = ?", project, service);
}

/** Keeps the scale that a command has set for a process; undefined forgets it. */
export function setScale(
  state: State,
  service: string,
  scale: string | undefined,
  process = web,
): void {
  if (process === web) {
    state.run("UPDATE services SET scale = ? WHERE name = ?", scale ?? null, service);
    return;
  }
  state.run("DELETE FROM process_scales WHERE service = ? AND process = ?", service, process);
  const sql = "INSERT INTO process_scales (service, process, scale) VALUES (?, ?, ?)";
  if (scale !== undefined) state.run(sql, service, process, scale);
}

/** Forgets a service with its releases, values and blobs, and all its jobs but `job`; its numbers go on where they were when it comes back. */
export function forgetService(state: State, service: string, job: number): void {
  state.transaction(() => {
    const row = state.get("SELECT next_release FROM services WHERE name = ?", service);
    if (row !== undefined)
      writeMeta(state, numberKey(service), String(row.integer("next_release")));
    for (const sql of [
      "DELETE FROM releases WHERE service = ?",
      "DELETE FROM env WHERE service = ?",
      "DELETE FROM maintenance WHERE service = ?",
      "DELETE FROM process_scales WHERE service = ?",
      "DELETE FROM secret_files WHERE service = ?",
      "DELETE FROM users WHERE service = ?",
      "DELETE FROM blobs WHERE service = ?",
      "DELETE FROM services WHERE name = ?",
    ])
      state.run(sql, service);
    removeLink(state, service);
    const sql =
      "DELETE FROM jobs WHERE service = ? AND id != ? AND state NOT IN ('queued', 'running')";
    state.run(sql, service, job);
  });
}

const numberKey = (service: string): string => `next-release ${service}`;
