import { open } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { UserError } from "../../core/errors.ts";
import { isLocked } from "../files.ts";

const tries = 250;

/** Waits until no other process has the lock, and returns its release. The kernel releases it when a process ends. The empty file stays. Throws UserError "locked". */
export async function lockFile(file: string, pauseMs = 20): Promise<() => void> {
  // Node has no flock, so SQLite's lock is used. Most commands do not need it.
  const { DatabaseSync } = await import("node:sqlite");
  // SQLite would make the file readable for all users.
  await (await open(file, "a", 0o600)).close();
  for (let count = 0; count < tries; count += 1) {
    const database = new DatabaseSync(file);
    try {
      database.exec("BEGIN EXCLUSIVE");
      return () => database.close();
    } catch (error) {
      database.close();
      if (!isLocked(error)) throw error;
    }
    // The attempts come one after the other.
    await sleep(pauseMs);
  }
  throw new UserError(`${file}: another mypaas command has the lock`, {
    code: "locked",
    hint: "end the other command, then run this one again",
  });
}
