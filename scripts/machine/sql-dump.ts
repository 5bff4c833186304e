import { DatabaseSync } from "node:sqlite";

/** A SQLite database as SQL text that makes it again, `user_version` included; rows in the order of their keys. */
export function dumpSql(file: string): string {
  const database = new DatabaseSync(file);
  try {
    const all = (sql: string) => database.prepare(sql).all();
    const version = String(all("PRAGMA user_version")[0]?.["user_version"]);
    const made = all(
      "SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY rowid",
    );
    const own = made.filter(({ name }) => !String(name).startsWith("sqlite_"));
    const tables = made.filter(({ type }) => type === "table").map(({ name }) => String(name));
    return [
      "PRAGMA foreign_keys = OFF;",
      "BEGIN;",
      ...own.map(({ sql }) => `${String(sql)};`),
      ...tables.flatMap((table) => rowsOf(database, table)),
      `PRAGMA user_version = ${version};`,
      "COMMIT;\n",
    ].join("\n");
  } finally {
    database.close();
  }
}

function rowsOf(database: DatabaseSync, table: string): readonly string[] {
  const columns = database.prepare(`PRAGMA table_info(${table})`).all();
  const names = columns.map(({ name }) => String(name));
  const quoted = names.map((name) => `quote("${name}")`).join(" || ', ' || ");
  const rows = database.prepare(`SELECT ${quoted} AS row FROM "${table}" ORDER BY 1`).all();
  // quote() writes line breaks as they are, which SQL reads back.
  return rows.map(({ row }) => `INSERT INTO "${table}" VALUES (${String(row)});`);
}
