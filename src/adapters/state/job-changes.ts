import type { Project } from "../../core/push/project.ts";
import type { ScaleOverride } from "../../core/stored/records.ts";
import { web } from "../../core/release/processes.ts";
import { adoptVolume } from "./adopted-volumes.ts";
import { setProject, setScale } from "./services.ts";
import { setValues, unsetValues } from "./env.ts";
import type { ServerValue, ValueChanges } from "../../core/release/values.ts";
import type { State } from "./state.ts";

/** Keeps what a job changes beside its release, until that is live. */
export function keepValueChanges(state: State, job: number, changes: ValueChanges): void {
  for (const [name, one] of Object.entries(changes))
    stage(state, job, [one?.isSecret === true ? "secret" : "env", name, one?.value]);
}

/** The same for the scale that a command asks for; undefined goes back to the Dockerfile's. */
export function keepScaleChange(
  state: State,
  job: number,
  scale: ScaleOverride | undefined,
  process = web,
): void {
  const name = process === web ? "" : process;
  stage(state, job, ["scale", name, scale === undefined ? undefined : JSON.stringify(scale)]);
}

/** The same for the name that the engine has for a volume of the service. */
export const keepAdoption = (state: State, job: number, name: string, volume: string): void =>
  stage(state, job, ["volume", name, volume]);

/** The same for the project that a push comes from. */
export const keepProjectChange = (state: State, job: number, project: Project): void =>
  stage(state, job, ["project", "", JSON.stringify(project)]);

/** The values that a job changes. */
export function valueChangesOfJob(state: State, job: number): ValueChanges {
  const sql =
    "SELECT what, name, value FROM job_changes WHERE job = ? AND what IN ('env', 'secret')";
  const changes = state.all(sql, job).map((row) => {
    const value = row.optionalText("value");
    const isSecret = row.text("what") === "secret";
    return [row.text("name"), value === undefined ? undefined : { value, isSecret }] as const;
  });
  return Object.fromEntries(changes);
}

/** Makes what a job changes true, in the commit of its caller. */
export function applyChanges(
  state: State,
  { id, service }: { readonly id: number; readonly service: string },
): void {
  applyValueChanges(state, service, valueChangesOfJob(state, id));
  const sql = "SELECT name, value FROM job_changes WHERE job = ? AND what = ?";
  for (const row of state.all(sql, id, "scale"))
    setScale(state, service, row.optionalText("value"), row.text("name") || web);
  const [project] = state.all(sql, id, "project");
  if (project !== undefined) setProject(state, service, project.text("value"));
  for (const row of state.all(sql, id, "volume"))
    adoptVolume(state, service, { name: row.text("name"), volume: row.text("value") });
  dropChanges(state, id);
}

/** Sets and takes away values at once. */
export function applyValueChanges(state: State, service: string, changes: ValueChanges): void {
  const all = Object.entries(changes);
  const set = all.filter((entry): entry is [string, ServerValue] => entry[1] !== undefined);
  setValues(state, service, Object.fromEntries(set));
  const unset = all.filter(([, one]) => one === undefined).map(([name]) => name);
  unsetValues(state, service, unset);
}

/** Forgets what a job would have changed. */
export function dropChanges(state: State, job: number): void {
  state.run("DELETE FROM job_changes WHERE job = ?", job);
}

function stage(
  state: State,
  job: number,
  [what, name, value]: readonly [
    "env" | "secret" | "scale" | "volume" | "project",
    string,
    string | undefined,
  ],
): void {
  const sql = `INSERT INTO job_changes (job, what, name, value) VALUES (?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET value = excluded.value`;
  state.run(sql, job, what, name, value ?? null);
}
