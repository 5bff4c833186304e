import { rmSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { addPoints, spanOf, type Point } from "../core/metrics/point.ts";
import { readPoint, writePoint } from "../core/stored/points.ts";

/** How long the spans are, and how many of each service are kept: a day in minutes, thirty days in quarters of an hour. */
export const keptSpans = [
  { stepMs: 60_000, kept: 1440 },
  { stepMs: 900_000, kept: 2880 },
] as const;

export interface ServicePoint extends Point {
  readonly service: string;
}

/** What services did, in a file of its own: it may be lost, and then only its history is. */
export interface MetricsStore {
  /** Adds points to the spans in which they lie. */
  readonly add: (points: readonly ServicePoint[]) => void;
  /** By time; of these services. */
  readonly read: (wanted: {
    readonly services: readonly string[];
    readonly stepMs: number;
    readonly from: number;
    readonly to: number;
  }) => readonly ServicePoint[];
  /** Forgets old points, and all of services that are not among these. */
  readonly forget: (services: readonly string[]) => void;
  readonly close: () => void;
}

const schemaVersion = 1;

// Rows of one moment lie side by side: a minute changes few pages of the file, however many services there are.
const schema = `CREATE TABLE IF NOT EXISTS points (
  step INTEGER NOT NULL,
  at INTEGER NOT NULL,
  service TEXT NOT NULL,
  point BLOB NOT NULL,
  PRIMARY KEY (step, at, service)
) STRICT, WITHOUT ROWID`;

/** Opens the file, or makes it; one that is damaged or of a newer mypaas is begun anew. */
export function openMetricsStore(file: string): MetricsStore {
  try {
    return createStore(open(file));
  } catch {
    for (const end of ["", "-wal", "-shm"]) rmSync(`${file}${end}`, { force: true });
    return createStore(open(file));
  }
}

function open(file: string): DatabaseSync {
  const database = new DatabaseSync(file);
  try {
    // A power cut may take the last minutes, never the file.
    database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL");
    database.exec("PRAGMA cache_size = -256; PRAGMA journal_size_limit = 1048576");
    const { user_version: version } = database.prepare("PRAGMA user_version").get() ?? {};
    if (Number(version) > schemaVersion) throw new Error("of a newer mypaas");
    database.exec(`${schema}; PRAGMA user_version = ${schemaVersion}`);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

function createStore(database: DatabaseSync): MetricsStore {
  const find = database.prepare(
    "SELECT point FROM points WHERE step = ? AND at = ? AND service = ?",
  );
  const put = database.prepare(
    "INSERT OR REPLACE INTO points (step, at, service, point) VALUES (?, ?, ?, ?)",
  );
  const list = database.prepare(
    `SELECT at, service, point FROM points WHERE step = ? AND at >= ? AND at < ?
      AND service IN (SELECT value FROM json_each(?)) ORDER BY at, service`,
  );
  const dropServices = database.prepare(
    "DELETE FROM points WHERE service NOT IN (SELECT value FROM json_each(?))",
  );
  // By number and not by age: a clock that is wrong for a while takes no history away.
  const dropOld = database.prepare(
    `DELETE FROM points WHERE step = ?1 AND at <
      (SELECT at FROM (SELECT DISTINCT at FROM points WHERE step = ?1) ORDER BY at DESC LIMIT 1 OFFSET ?2)`,
  );
  const atOnce = (work: () => void) => {
    database.exec("BEGIN IMMEDIATE");
    try {
      work();
      database.exec("COMMIT");
    } catch (error) {
      database.exec("ROLLBACK");
      throw error;
    }
  };
  return {
    add: (points) =>
      atOnce(() => {
        for (const { stepMs } of keptSpans)
          for (const { service, ...point } of points) {
            const at = spanOf(point.at, stepMs);
            const known = pointOf(find.get(stepMs, at, service), at);
            const sum = known === undefined ? { ...point, at } : addPoints(known, point);
            put.run(stepMs, at, service, writePoint(sum));
          }
      }),
    read: ({ services, stepMs, from, to }) =>
      list.all(stepMs, from, to, JSON.stringify(services)).flatMap((row) => {
        const point = pointOf(row, Number(row["at"]));
        return point === undefined ? [] : [{ service: String(row["service"]), ...point }];
      }),
    forget: (services) =>
      atOnce(() => {
        for (const { stepMs, kept } of keptSpans) dropOld.run(stepMs, kept - 1);
        dropServices.run(JSON.stringify(services));
      }),
    close: () => database.close(),
  };
}

function pointOf(row: Record<string, unknown> | undefined, at: number): Point | undefined {
  const bytes = row?.["point"];
  return bytes instanceof Uint8Array ? readPoint(bytes, at) : undefined;
}
