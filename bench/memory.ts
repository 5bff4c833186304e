import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import Docker from "dockerode";
import { dockerSocket } from "../scripts/machine/docker.ts";
import type { Server } from "./prepare.ts";

/** MiB of PSS: what both share counts half for each. */
export interface Memory {
  readonly worker: number;
  readonly receiver: number;
}

/** What worker and receiver need after some seconds of rest. */
export async function memoryAtRest({ instance, workerPid }: Server): Promise<Memory> {
  await sleep(5000);
  const docker = new Docker({ socketPath: dockerSocket });
  const container = await docker.getContainer(`${instance.name}-receiver`).inspect();
  // The first process is Docker's own init; ours is its only child.
  const { Pid: init } = container.State;
  const receiver = (await readFile(`/proc/${init}/task/${init}/children`, "utf8")).trim();
  return { worker: await pss(workerPid), receiver: await pss(Number(receiver)) };
}

async function pss(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/smaps_rollup`, "utf8");
  return Number(/^Pss:\s+(\d+) kB$/m.exec(text)?.[1]) / 1024;
}
