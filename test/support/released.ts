import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { TestContext } from "node:test";
import { instancePaths } from "../../src/core/server/instance.ts";
import { scratch } from "./worker.ts";

/** Released versions whose state is kept in `test/fixtures`; `scripts/state-fixture.ts` makes one. */
export const releasedVersions = readdirSync("test/fixtures")
  .filter((name) => name.startsWith("state-"))
  .map((name) => name.slice("state-".length));

const placeOf = (version: string) => join("test/fixtures", `state-${version}`);

/** A file that a released version left, as text; `dir` is where its server lies now. */
export const releasedFile = (version: string, name: string, dir = "/srv/fixture"): string =>
  readFileSync(join(placeOf(version), name), "utf8").replaceAll("/srv/fixture", dir);

/** The state directory that a released version left, in a folder of its own: database, configuration and all other files. */
export function releasedState(t: TestContext, version: string) {
  const dir = scratch(t);
  const stateDir = join(dir, "state");
  const place = join(placeOf(version), "state");
  for (const name of readdirSync(place, { recursive: true, encoding: "utf8" })) {
    if (!statSync(join(place, name)).isFile()) continue;
    mkdirSync(dirname(join(stateDir, name)), { recursive: true });
    writeFileSync(join(stateDir, name), releasedFile(version, join("state", name), dir));
  }
  const { database } = instancePaths({ stateDir, runDir: "" });
  const made = new DatabaseSync(database);
  made.exec(releasedFile(version, "state.sql", dir));
  made.close();
  return { dir, stateDir, database };
}
