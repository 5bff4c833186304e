import { closeSync, openSync } from "node:fs";
import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";
import { UserError } from "../../core/errors.ts";
import { refuseNewer } from "../../core/stored/stored.ts";
import { migrations } from "./schema.ts";
import { Row } from "./row.ts";
import { command, hint } from "../../core/hints.ts";

/** The worker's memory: one SQLite file whose every commit survives a power cut. The `state-*` files speak to it in words of their table. */
export class State {
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  run(sql: string, ...values: readonly SQLInputValue[]): { changes: number; lastId: number } {
    const { changes, lastInsertRowid } = this.#statement(sql).run(...values);
    return { changes: Number(changes), lastId: Number(lastInsertRowid) };
  }

  get(sql: string, ...values: readonly SQLInputValue[]): Row | undefined {
    const row = this.#statement(sql).get(...values);
    return row === undefined ? undefined : new Row(row);
  }

  all(sql: string, ...values: readonly SQLInputValue[]): readonly Row[] {
    return this.#statement(sql)
      .all(...values)
      .map((row) => new Row(row));
  }

  /** All of it or nothing; inside another transaction it becomes a part of that one. */
  transaction<T>(work: () => T): T {
    if (this.#database.isTransaction) return work();
    this.#database.exec("BEGIN IMMEDIATE");
    try {
      const result = work();
      this.#database.exec("COMMIT");
      return result;
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec("ROLLBACK");
      throw error;
    }
  }

  close(): void {
    this.#statements.clear();
    this.#database.close();
  }

  #statement(sql: string): StatementSync {
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;
    const made = this.#database.prepare(sql);
    this.#statements.set(sql, made);
    return made;
  }
}

/** Opens or creates the database and brings its schema up to date; UserError when it is damaged or newer than this program. */
export function openState(file: string): State {
  const database = open(file);
  try {
    migrate(database, file);
    return new State(database);
  } catch (error) {
    database.close();
    throw unreadable(file, error);
  }
}

function open(file: string): DatabaseSync {
  try {
    // SQLite would make it readable for all, and it holds the values of `mypaas env`.
    closeSync(openSync(file, "a", 0o600));
    return new DatabaseSync(file);
  } catch (error) {
    throw unreadable(file, error);
  }
}

function migrate(database: DatabaseSync, file: string): void {
  database.exec("PRAGMA busy_timeout = 5000");
  const version = schemaVersion(database);
  refuseNewer(file, version, migrations.length);
  // quick_check reads everything once at start-up; the file stays small, and damage found later costs more.
  const check = new Row(database.prepare("PRAGMA quick_check(1)").get() ?? {}).text("quick_check");
  if (check !== "ok") throw damaged(file, check);
  database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON");
  // The state of one server is small; a large cache would only be memory at rest.
  database.exec("PRAGMA cache_size = -512; PRAGMA journal_size_limit = 4194304");
  for (const [from, sql] of migrations.entries()) {
    if (from < version) continue;
    database.exec("BEGIN IMMEDIATE");
    database.exec(sql);
    database.exec(`PRAGMA user_version = ${from + 1}`);
    database.exec("COMMIT");
  }
}

const schemaVersion = (database: DatabaseSync): number =>
  new Row(database.prepare("PRAGMA user_version").get() ?? {}).integer("user_version");

function unreadable(file: string, error: unknown): unknown {
  if (error instanceof UserError || !(error instanceof Error)) return error;
  if ("errcode" in error && error.errcode === sqliteFull) {
    return new UserError(`${file}: the disk is full`, {
      code: "disk-full",
      hint: "make room on the server, see: docker system df",
      cause: error,
    });
  }
  return damaged(file, error.message, error);
}

const sqliteFull = 13;

const damaged = (file: string, what: string, cause?: unknown): UserError =>
  new UserError(`${file}: not a usable database: ${what}`, {
    code: "damaged-state",
    hint: hint`restore the file from a backup, or move it away and run: ${command("init")}`,
    cause,
  });
