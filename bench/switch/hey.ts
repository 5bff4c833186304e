import { spawn } from "node:child_process";
import { once } from "node:events";
import { installPackages } from "../../scripts/machine/packages.ts";
import { has } from "../../scripts/machine/run.ts";

/** What another program counted. */
export interface Heard {
  readonly answered: number;
  readonly failed: number;
  readonly said: string;
}

/** Lets `hey -disable-keepalive` ask at about 100 requests a second while `work` runs; undefined where it cannot be installed. */
export async function withHey(
  at: { readonly port: number; readonly host: string },
  work: () => Promise<unknown>,
): Promise<Heard | undefined> {
  try {
    if (!(await has("hey"))) await installPackages(["hey"], "hey, which checks the prober's word");
  } catch (error) {
    console.log(
      `SKIPPED the cross-check: ${error instanceof Error ? error.message : String(error)}`,
    );
    return undefined;
  }
  const load = ["-z", "30m", "-c", "10", "-q", "10", "-t", "60", "-disable-keepalive"];
  const child = spawn("hey", [...load, "-host", at.host, `http://127.0.0.1:${at.port}/`]);
  let said = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (data: Buffer) => (said += data.toString()));
  const ended = once(child, "close");
  try {
    await work();
  } finally {
    child.kill("SIGINT");
    await ended;
  }
  return read(said);
}

/** Reads its report: `[200] 1234 responses` per status, `[5] reason` per error. */
export function read(said: string): Heard {
  const statuses = [...said.matchAll(/^\s+\[(\d{3})\]\s+(\d+) responses$/gm)];
  const [, errors = ""] = said.split("Error distribution:");
  const lost = [...errors.matchAll(/^\s+\[(\d+)\]/gm)].map(([, count]) => Number(count));
  const sum = (counts: readonly number[]) => counts.reduce((total, count) => total + count, 0);
  const of = (isGood: boolean) =>
    sum(
      statuses.filter(([, status]) => (status === "200") === isGood).map((one) => Number(one[2])),
    );
  return { answered: of(true), failed: of(false) + sum(lost), said };
}
