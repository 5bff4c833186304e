import { spawn, type ChildProcess } from "node:child_process";
import { mkdir, open, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { workerNodeFlags } from "../../src/core/server/units.ts";
import { answers } from "../../src/worker/entries/sockets.ts";
import { mustRun, run, type Ran } from "./run.ts";
import { sweepInstance } from "./sweep.ts";

/** A whole mypaas on this machine, beside whatever else runs here: own Docker names, ports and folders. */
export interface InstanceOptions {
  readonly name: string;
  /** Everything it keeps outside Docker is below this folder. */
  readonly folder: string;
  readonly httpPort: number;
  readonly httpsPort: number;
  /** The loopback address that has these ports; 127.0.0.1 without. */
  readonly bind?: string;
  /** In place of it, all addresses to listen on. */
  readonly binds?: readonly string[];
  /** `mypaas.ts` of a checkout or `mypaas.js` as shipped. */
  readonly program: string;
  /** The Node that runs it; the one that runs this by default. */
  readonly node?: string;
  readonly traefik: readonly ["--traefik-image" | "--traefik-binary", string];
  /** More flags of Node for its worker. */
  readonly workerFlags?: readonly string[];
  /** More options for `mypaas init`; one that stands among the others already wins over it. */
  readonly init?: readonly string[];
}

export interface Instance extends InstanceOptions {
  readonly node: string;
  readonly stateDir: string;
  readonly runDir: string;
  /** Private key of the laptop that belongs to it. */
  readonly keyFile: string;
  /** What a command of that laptop sees as its environment. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

export function describeInstance(options: InstanceOptions): Instance {
  const { folder } = options;
  const home = join(folder, "home");
  return {
    ...options,
    node: options.node ?? process.execPath,
    stateDir: join(folder, "state"),
    runDir: join(folder, "run"),
    keyFile: join(home, ".ssh", "id_ed25519"),
    env: {
      PATH: process.env["PATH"],
      TMPDIR: process.env["TMPDIR"],
      HOME: home,
      MYPAAS_RUN_DIR: join(folder, "run"),
    },
  };
}

/** Runs a command of mypaas as the laptop would. */
export function mypaas(
  instance: Instance,
  args: readonly string[],
  options: Omit<NonNullable<Parameters<typeof run>[2]>, "env"> & {
    readonly env?: Readonly<Record<string, string>>;
  } = {},
): Promise<Ran> {
  const env = { ...instance.env, ...options.env };
  return run(instance.node, [instance.program, ...args], { ...options, env });
}

/** `mypaas init` with the laptop's key; returns the line that laptops need. */
export async function initInstance(instance: Instance, live = false): Promise<string> {
  await makeKey(instance.keyFile);
  const ran = await mypaas(instance, initArgs(instance), { live });
  if (ran.code !== 0) throw new Error(`mypaas init: exit code ${ran.code}\n${ran.out}${ran.err}`);
  const line = /https:\/\/\S+#srv=[^'"\s]+/.exec(ran.out)?.[0];
  if (line === undefined) throw new Error(`mypaas init printed no line for laptops:\n${ran.out}`);
  return line;
}

/** The whole `init` command of an instance. */
export function initArgs(instance: Instance): readonly string[] {
  const { name, stateDir, runDir, httpPort, httpsPort, keyFile } = instance;
  const where = ["--instance", name, "--state", stateDir, "--run-dir", runDir];
  const ports = ["--http-port", String(httpPort), "--https-port", String(httpsPort)];
  const rest = [
    "--bind",
    ...(instance.binds ?? [instance.bind ?? "127.0.0.1"]),
    "--key",
    `${keyFile}.pub`,
    ...instance.traefik,
  ];
  return ["init", "--no-systemd", ...where, ...ports, ...rest, ...(instance.init ?? [])];
}

/** Starts the worker, waits until it listens; its output goes to `worker.log`. */
export async function startWorker(instance: Instance): Promise<ChildProcess> {
  const log = await open(join(instance.folder, "worker.log"), "a");
  const flags = [...workerNodeFlags, ...(instance.workerFlags ?? [])];
  const args = [...flags, instance.program, "worker", "--state", instance.stateDir];
  const stdio = ["ignore", log.fd, log.fd] as const;
  const worker = spawn(instance.node, args, {
    detached: true,
    stdio: [...stdio],
    env: instance.env,
  });
  await log.close();
  worker.unref();
  const socket = join(instance.runDir, "local", "local.sock");
  // A machine with too much to do starts it late; one that ends is seen at once.
  for (let tries = 0; tries < 600; tries += 1) {
    if (await answers(socket)) return worker;
    if (worker.exitCode !== null || worker.signalCode !== null) break;
    await sleep(100);
  }
  worker.kill("SIGKILL");
  const said = await readFile(join(instance.folder, "worker.log"), "utf8");
  throw new Error(`the worker did not start:\n${said.split("\n").slice(-20).join("\n")}`);
}

/** Ends the worker the polite way, or at once. */
export async function stopWorker(pid: number, signal: "SIGTERM" | "SIGKILL" = "SIGTERM") {
  for (let tries = 0; tries < 300; tries += 1) {
    try {
      process.kill(pid, tries === 0 ? signal : 0);
    } catch {
      return;
    }
    await sleep(100);
  }
  process.kill(pid, "SIGKILL");
}

/** Removes every trace. */
export const removeInstance = (instance: Instance): Promise<void> =>
  sweepInstance(instance.name, [instance.folder]);

async function makeKey(file: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const made = await run("ssh-keygen", [
    "-q",
    "-t",
    "ed25519",
    "-N",
    "",
    "-C",
    "laptop",
    "-f",
    file,
  ]);
  if (made.code !== 0 && !made.out.includes("already exists"))
    await mustRun("ssh-keygen", ["-l", "-f", file]);
}
