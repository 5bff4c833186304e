import { writeFile } from "node:fs/promises";
import { get } from "node:http";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import Docker from "dockerode";
import { dockerSocket } from "../../scripts/machine/docker.ts";
import { run } from "../../scripts/machine/run.ts";
import { label } from "../../src/core/release/names.ts";
import type { Server } from "../prepare.ts";
import { median } from "../ratio.ts";
import { bootPath } from "../../test/support/load-app.ts";
import { writeApp } from "./app.ts";
import { hasOpenJob, newestSwitch, type SwitchTimes } from "./journal.ts";
import { appPort, bootMs } from "./load.ts";

/** A service as its laptop has it. */
export interface Service {
  readonly name: string;
  readonly host: string;
  readonly folder: string;
}

/** One deploy in milliseconds. */
export interface Deployed extends SwitchTimes {
  /** From the start of the first new container to the cut-over. */
  readonly switchMs: number;
  /** What the app itself needed of it, by its own clock. */
  readonly ownMs: number;
}

const docker = new Docker({ socketPath: dockerSocket });

/** Writes and pushes the first release. */
export async function firstRelease(server: Server, name: string, scale: string): Promise<Service> {
  const service = {
    name,
    host: `${name}.example.test`,
    folder: join(server.instance.folder, "app", name),
  };
  const comments = [
    `servicename = ${name}`,
    `domain = ${service.host}`,
    `port = ${appPort}`,
    `env = BOOT_MS=${bootMs}`,
    `scale = ${scale}`,
  ];
  await writeApp(service.folder, server.nodeImage, comments);
  await deploy(server, service, 1);
  return service;
}

/** Changes one small file and pushes, again and again; each push begins when everything of the one before is done. */
export async function deployMany(
  server: Server,
  service: Service,
  count: number,
): Promise<readonly Deployed[]> {
  const all: Deployed[] = [];
  while (all.length < count) all.push(await deploy(server, service, all.length + 2));
  return all;
}

async function deploy(server: Server, service: Service, change: number): Promise<Deployed> {
  const { instance } = server;
  await writeFile(join(service.folder, "change.txt"), `${change} ${Date.now()}\n`);
  // A laptop is another machine, so its part gets only what of this one is left.
  const push = ["-n", "30", instance.node, instance.program, "push", "bench", "--json"];
  const ran = await run("nice", push, { cwd: service.folder, env: instance.env });
  if (ran.code !== 0) throw new Error(`mypaas push ${service.name}:\n${ran.out}${ran.err}`);
  const startedAt = await newestStart(instance.name, service.name);
  const ownMs = Number(await ask(instance.httpPort, service.host));
  for (const end = Date.now() + 60_000; hasOpenJob(instance, service.name); await sleep(50))
    if (Date.now() > end) throw new Error(`${service.name}: a job still runs after a minute`);
  const times = newestSwitch(instance, service.name);
  return { ...times, ownMs, switchMs: times.cutOverAt - startedAt };
}

/** When the first container of the newest release started. */
async function newestStart(instance: string, service: string): Promise<number> {
  const filters = { label: [`${label.instance}=${instance}`, `${label.service}=${service}`] };
  const listed = await docker.listContainers({ filters });
  const newest = Math.max(...listed.map(({ Labels }) => Number(Labels[label.release])));
  const ours = listed.filter(({ Labels }) => Labels[label.release] === String(newest));
  const infos = await Promise.all(ours.map(({ Id }) => docker.getContainer(Id).inspect()));
  return Math.min(...infos.map(({ State }) => Date.parse(State.StartedAt)));
}

function ask(port: number, host: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const where = { host: "127.0.0.1", port, path: bootPath, headers: { host }, agent: false };
    get(where, (answer) => {
      let text = "";
      answer.setEncoding("utf8").on("data", (more: string) => (text += more));
      answer.on("error", reject).on("end", () => resolve(text));
    }).on("error", reject);
  });
}

/** The middle of each step's time, in words. */
export function stepMedians(all: readonly Deployed[]): string {
  const names = [...new Set(all.flatMap(({ steps }) => steps.map(([name]) => name)))];
  return names
    .map((name) => {
      const times = all.flatMap(({ steps }) => steps.filter(([other]) => other === name));
      return `${name} ${Math.round(median(times.map(([, ms]) => ms)))} ms`;
    })
    .join(", ");
}
