import { createHmac, randomBytes } from "node:crypto";
import { ensureMeta } from "./meta.ts";
import type { State } from "./state.ts";

/** A text that is the same for equal texts, and of which nothing can be guessed without the server's own key. */
export function fingerprint(state: State, text: string): string {
  const key = ensureMeta(state, "env-fingerprints", () => randomBytes(32).toString("hex"));
  return createHmac("sha256", Buffer.from(key, "hex")).update(text).digest("hex");
}

/** The version of a value of a file; no part of it can hold a NUL. */
export const secretVersion = (state: State, service: string, name: string, value: string): string =>
  fingerprint(state, ["file", service, name, value].join("\0")).slice(0, 32);

/** Keeps values of files for releases, and returns their versions by name. */
export function keepSecrets(
  state: State,
  service: string,
  values: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const sql =
    "INSERT INTO secret_files (service, version, value) VALUES (?, ?, ?) ON CONFLICT DO NOTHING";
  return state.transaction(() =>
    Object.fromEntries(
      Object.entries(values).map(([name, value]) => {
        const version = secretVersion(state, service, name, value);
        state.run(sql, service, version, value);
        return [name, version];
      }),
    ),
  );
}

/** Undefined where it was forgotten. */
export const readSecret = (state: State, service: string, version: string): string | undefined =>
  state
    .get("SELECT value FROM secret_files WHERE service = ? AND version = ?", service, version)
    ?.text("value");

/** All values of files of a service, now and of earlier releases. */
export const allSecrets = (state: State, service: string): readonly string[] =>
  state
    .all("SELECT value FROM secret_files WHERE service = ?", service)
    .map((row) => row.text("value"));

/** Forgets the values of files whose versions are not among these. */
export function forgetSecrets(state: State, service: string, kept: ReadonlySet<string>): void {
  const rows = state.all("SELECT version FROM secret_files WHERE service = ?", service);
  const sql = "DELETE FROM secret_files WHERE service = ? AND version = ?";
  state.transaction(() => {
    for (const row of rows)
      if (!kept.has(row.text("version"))) state.run(sql, service, row.text("version"));
  });
}
