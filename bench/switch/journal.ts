import { DatabaseSync } from "node:sqlite";
import { instancePaths } from "../../src/core/server/instance.ts";
import type { Instance } from "../../scripts/machine/instance.ts";

/** Milliseconds. */
export interface SwitchTimes {
  /** Each step of the switch, in its order, with what lay between it and the one before as "between". */
  readonly steps: readonly (readonly [step: string, ms: number])[];
  /** Wall clock. */
  readonly cutOverAt: number;
}

/** Reads the worker's journal of the newest job of a service beside the worker. */
export function newestSwitch(instance: Instance, service: string): SwitchTimes {
  return query(instance, (database) => {
    const rows = database
      .prepare(
        `SELECT step, phase, at FROM steps WHERE job = (SELECT MAX(id) FROM jobs WHERE service = ?) ORDER BY seq`,
      )
      .all(service)
      .map(({ step, phase, at }) => ({ step: String(step), phase, at: Number(at) }));
    const steps = rows
      .filter(({ phase }) => phase === "outcome")
      .map(({ step, at }) => {
        const begun = rows.find((row) => row.step === step && row.phase === "intent");
        return [step, at - (begun?.at ?? at)] as const;
      });
    const [live] = database
      .prepare(
        `SELECT json_extract(event, '$.ms') AS ms FROM job_log
         WHERE job = (SELECT MAX(id) FROM jobs WHERE service = ?) AND json_extract(event, '$.kind') = 'live'`,
      )
      .all(service);
    // Counted from the hold on; the step itself goes on for a moment to see whether the release stays.
    const begun = rows.find(({ step }) => step === "hold" || step === "start");
    return { steps, cutOverAt: (begun?.at ?? NaN) + Number(live?.["ms"] ?? NaN) };
  });
}

/** True while a job of the service has not ended: "live" is said before the old containers are gone. */
export const hasOpenJob = (instance: Instance, service: string): boolean =>
  query(
    instance,
    (database) =>
      database.prepare("SELECT id FROM jobs WHERE ended IS NULL AND service = ?").get(service) !==
      undefined,
  );

function query<T>(instance: Instance, ask: (database: DatabaseSync) => T): T {
  const database = new DatabaseSync(instancePaths(instance).database, { readOnly: true });
  try {
    return ask(database);
  } finally {
    database.close();
  }
}
