import { setTimeout as sleep } from "node:timers/promises";
import type { TestServer } from "./mypaas-e2e.ts";

/** A step of a switch that is about to be done (`intent`), or is done (`outcome`). */
export type Moment = `${"intent" | "outcome"} ${string}`;

/** Follows the journal of the next job: the function resolves as soon as it says so. */
export function nextJournal(server: TestServer): (moment: Moment) => Promise<void> {
  const last = server.query("SELECT COALESCE(MAX(id), 0) AS id FROM jobs")[0]?.["id"];
  const sql = "SELECT seq FROM steps WHERE job > CAST(? AS INTEGER) AND step = ? AND phase = ?";
  return async (moment) => {
    const [phase = "", step = ""] = moment.split(" ");
    for (let tries = 0; tries < 10_000; tries += 1) {
      if (server.query(sql, String(last), step, phase).length > 0) return;
      await sleep(3);
    }
    throw new Error(`the journal never said: ${moment}`);
  };
}
