import { spawn } from "node:child_process";
import { openSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { request } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { installPackages } from "./packages.ts";
import { has } from "./run.ts";

export const dockerSocket = "/var/run/docker.sock";
const log = "/var/log/mypaas-dockerd.log";

/** Makes sure that a Docker Engine answers: installs the distribution's package and starts it where that is missing. */
export async function ensureDocker(): Promise<void> {
  if (await dockerAnswers()) return;
  if (!(await has("dockerd")))
    await installPackages(["docker.io", "iptables"], "Docker Engine, which runs the services");
  if (await answersWithin(3000)) return;
  if (process.getuid?.() !== 0)
    throw new Error("Docker Engine: not running\nhint: start it: sudo systemctl start docker");
  console.log("starting Docker Engine …");
  await start();
  if (await answersWithin(60_000)) return;
  const tail = await readFile(log, "utf8").catch(() => "");
  throw new Error(
    `Docker Engine: did not start within 60 s\n${tail.split("\n").slice(-20).join("\n")}`,
  );
}

/** Docker's own proxy for loopback takes 6 files for each request that waits, and ends for good at the limit of open files, which cannot be raised where systemd does not start the engine. The kernel does without it. */
const withoutSystemd = ["dockerd", ["--userland-proxy=false"]] as const;

async function start(): Promise<void> {
  const init = (await readFile("/proc/1/comm", "utf8")).trim();
  const [command, args] =
    init === "systemd" ? (["systemctl", ["start", "docker"]] as const) : withoutSystemd;
  const output = openSync(log, "a");
  spawn(command, args, { detached: true, stdio: ["ignore", output, output] }).unref();
}

async function answersWithin(ms: number): Promise<boolean> {
  for (const end = Date.now() + ms; Date.now() < end; await sleep(200))
    if (await dockerAnswers()) return true;
  return false;
}

/** True when an engine answers on its usual socket. */
export function dockerAnswers(): Promise<boolean> {
  return new Promise((resolve) => {
    const ping = request(
      { socketPath: dockerSocket, path: "/_ping", timeout: 2000 },
      (response) => {
        response.resume();
        resolve(response.statusCode === 200);
      },
    );
    ping.on("error", () => resolve(false));
    ping.on("timeout", () => ping.destroy());
    ping.end();
  });
}
