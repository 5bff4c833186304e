import { writeMeta } from "./meta.ts";
import type { State } from "./state.ts";

/** A program of `run` or `exec` that has not been cleared away: the name of its container, or the id that the engine gave it inside a replica. */
export interface OpenProgram {
  readonly kind: "run" | "exec";
  readonly id: string;
}

const prefix = "open-program/";

/** Written before it begins, so that whatever a crash leaves is known. */
export function rememberProgram(state: State, { kind, id }: OpenProgram): void {
  writeMeta(state, prefix + id, kind);
}

export function forgetProgram(state: State, id: string): void {
  state.run("DELETE FROM meta WHERE key = ?", prefix + id);
}

export const openPrograms = (state: State): readonly OpenProgram[] =>
  state
    .all("SELECT key, value FROM meta WHERE key LIKE ? ORDER BY key", `${prefix}%`)
    .map((row) => ({
      kind: row.text("value") === "exec" ? "exec" : "run",
      id: row.text("key").slice(prefix.length),
    }));
