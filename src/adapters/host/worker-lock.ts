import { DatabaseSync } from "node:sqlite";
import { UserError } from "../../core/errors.ts";
import { isLocked } from "../files.ts";

/** Keeps a second worker out until this process ends; the kernel releases the lock, also after a crash. */
export function lockState(file: string): { readonly release: () => void } {
  // Node has no flock, so SQLite's lock is used.
  const database = new DatabaseSync(file);
  try {
    database.exec("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE");
  } catch (error) {
    database.close();
    if (!isLocked(error)) throw error;
    throw new UserError(`${file}: another worker uses this state`, {
      code: "second-worker",
      hint: "stop it first: systemctl stop mypaas-worker",
      cause: error,
    });
  }
  return { release: () => database.close() };
}
