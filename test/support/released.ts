import { cpSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { TestContext } from "node:test";
import { instancePaths } from "../../src/core/server/instance.ts";
import { scratch } from "./worker.ts";

/** Released versions whose state is kept in `test/fixtures`; `scripts/state-fixture.ts` makes one. */
export const releasedVersions = readdirSync("test/fixtures")
  .filter((name) => name.startsWith("state-"))
  .map((name) => name.slice("state-".length));

const placeOf = (version: string) => join("test/fixtures", `state-${version}`);

/** A file that a released version left, as text. */
export const releasedFile = (version: string, name: string): string =>
  readFileSync(join(placeOf(version), name), "utf8");

/** The state directory that a released version left, in a folder of its own: database, configuration and all other files. */
export function releasedState(t: TestContext, version: string) {
  const dir = scratch(t);
  const stateDir = join(dir, "state");
  cpSync(join(placeOf(version), "state"), stateDir, { recursive: true });
  for (const name of readdirSync(stateDir, { recursive: true, encoding: "utf8" })) {
    const file = join(stateDir, name);
    if (!statSync(file).isFile()) continue;
    writeFileSync(file, readFileSync(file, "utf8").replaceAll("/srv/fixture", dir));
  }
  const { database } = instancePaths({ stateDir, runDir: "" });
  const made = new DatabaseSync(database);
  made.exec(releasedFile(version, "state.sql"));
  made.close();
  return { dir, stateDir, database };
}
