import { open } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { UserError } from "../../core/errors.ts";

const tries = 250;
const sqliteBusy = 5;

/** Waits until no other process holds the lock and returns what lets go of it; the kernel does so too, however a process ends. The file stays, empty. Throws UserError "locked". */
export async function lockFile(file: string, pauseMs = 20): Promise<() => void> {
  // Node has no flock of its own, and SQLite's is one; most commands need neither.
  const { DatabaseSync } = await import("node:sqlite");
  // SQLite would make it readable for all.
  await (await open(file, "a", 0o600)).close();
  for (let count = 0; count < tries; count += 1) {
    const database = new DatabaseSync(file);
    try {
      database.exec("BEGIN EXCLUSIVE");
      return () => database.close();
    } catch (error) {
      database.close();
      if (!(error instanceof Error && "errcode" in error && error.errcode === sqliteBusy))
        throw error;
    }
    // The tries are meant to come one after the other.
    // oxlint-disable-next-line no-await-in-loop
    await sleep(pauseMs);
  }
  throw new UserError(`${file}: another mypaas holds it`, {
    code: "locked",
    hint: "end the other one, then run the same command again",
  });
}
