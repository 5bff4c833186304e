import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { instancePaths } from "../src/core/server/instance.ts";
import { startAcmeServer } from "../test/support/acme-e2e.ts";
import { lastDays, makeHistory } from "../test/support/history-e2e.ts";
import { seen } from "../test/support/seen.ts";
import type { Instance } from "./machine/instance.ts";
import { oldEyes } from "./machine/old-eyes.ts";
import { oldProgram } from "./machine/old-version.ts";
import { dumpSql } from "./machine/sql-dump.ts";

/** Runs a released version of mypaas for real and keeps what it leaves on disk as text: `node scripts/state-fixture.ts COMMIT`; needs what `scripts/e2e.ts` prepares. */
const [commit = ""] = process.argv.slice(2);
const target = join(dirname(import.meta.dirname), "test", "fixtures", `state-${commit}`);
/** Stands for the folder of that server in everything that is kept. */
const place = "/srv/fixture";

const program = await oldProgram(commit);
const acme = await startAcmeServer("fixture", "127.77.9.1", { program });
const { server } = acme;
try {
  const wire = await makeHistory(acme);
  await lastDays(acme);
  await server.stopWorker("SIGKILL");
  await rm(target, { recursive: true, force: true });
  await keep("wire.json", `${JSON.stringify(wire, undefined, 1)}\n`);
  await keepState(server.instance);
  console.log(`kept in ${target}`);
} finally {
  await acme.remove();
}

async function keepState(instance: Instance): Promise<void> {
  const { stateDir, folder } = instance;
  const paths = instancePaths(instance);
  await keep("state.sql", dumpSql(paths.database));
  const sight = seen(await oldEyes(program), paths.database);
  await keep("seen.json", `${JSON.stringify(sight, undefined, 1)}\n`);
  const files = await readdir(stateDir, { recursive: true, withFileTypes: true });
  for (const file of files) {
    const path = join(file.parentPath, file.name);
    const name = path.slice(stateDir.length + 1);
    // Blobs and logins of Docker are no state; locks and the database are no text.
    if (!file.isFile() || /^(blobs|spool|local-spool)\/|\.(db|lock)(-\w+)?$/.test(name)) continue;
    await keep(join("state", name), await readFile(path, "utf8"));
  }
  for (const [name, path] of [
    ["remotes.json", join(folder, "home", ".config", "mypaas", "remotes.json")],
    ["services.txt", join(folder, "home", ".cache", "mypaas", "services", "prod")],
  ] as const)
    await keep(join("laptop", name), await readFile(path, "utf8"));
}

async function keep(name: string, text: string): Promise<void> {
  const file = join(target, name);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, text.replaceAll(server.instance.folder, place));
}
