import { spawn, type ChildProcess } from "node:child_process";
import { mkdtemp, readdir } from "node:fs/promises";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import Docker from "dockerode";
import {
  describeInstance,
  initArgs,
  initInstance,
  mypaas,
  removeInstance,
  startWorker,
  stopWorker,
  type Instance,
} from "../../scripts/machine/instance.ts";
import { freePort } from "../../scripts/machine/ports.ts";
import type { Ran } from "../../scripts/machine/run.ts";
import { instancePaths } from "../../src/core/server/instance.ts";
import { startProber, type Prober } from "./prober.ts";
import { follow, type Running, type Said } from "./said-e2e.ts";
import type { Source } from "./source-e2e.ts";
import { traefikImage } from "./images.ts";

const program = join(dirname(dirname(import.meta.dirname)), "bin", "mypaas.ts");
export const docker = new Docker({ socketPath: "/var/run/docker.sock" });

export interface Answer {
  readonly status: number;
  readonly release: string;
  readonly body: string;
}

export type TestServer = Awaited<ReturnType<typeof startServer>>;

/** A whole mypaas of its own: `mypaas init`, a worker process, Traefik and the receiver in containers, and a laptop that knows it as `prod`; `init` holds more options for that command. */
export async function startServer(
  name: string,
  more: Partial<
    Pick<Instance, "init" | "bind" | "binds" | "httpPort" | "httpsPort" | "program" | "workerFlags">
  > = {},
) {
  const folder = await mkdtemp(join(tmpdir(), `${name}-`));
  const instance = describeInstance({
    name,
    folder,
    httpPort: more.httpPort ?? (await freePort()),
    httpsPort: more.httpsPort ?? (await freePort()),
    program: more.program ?? program,
    traefik: ["--traefik-image", traefikImage],
    ...(more.init !== undefined && { init: more.init }),
    ...(more.workerFlags !== undefined && { workerFlags: more.workerFlags }),
    ...(more.bind !== undefined && { bind: more.bind }),
    ...(more.binds !== undefined && { binds: more.binds }),
  });
  try {
    await removeInstance({ ...instance, folder: join(folder, "left-over") });
    const line = await initInstance(instance);
    const server = new ServerParts(instance, line, await startWorker(instance));
    await server.must(["remote", "add", "prod", line]);
    // A runner that is told to stop runs no hooks.
    process.once("SIGTERM", () => void server.remove().finally(() => process.exit(143)));
    return server;
  } catch (error) {
    await removeInstance(instance);
    throw error;
  }
}

class ServerParts {
  instance: Instance;
  /** What `mypaas init` printed for laptops. */
  readonly line: string;
  #worker: ChildProcess;
  /** A test that fails does not stop its own. */
  readonly #loads: Prober[] = [];

  constructor(instance: Instance, line: string, worker: ChildProcess) {
    this.instance = instance;
    this.line = line;
    this.#worker = worker;
  }

  /** Where its ports are. */
  get address(): string {
    return this.instance.bind ?? "127.0.0.1";
  }

  /** Runs a command of mypaas to its end. */
  run(args: readonly string[], options: Parameters<typeof mypaas>[2] = {}): Promise<Ran> {
    return mypaas(this.instance, args, options);
  }

  async must(args: readonly string[]): Promise<Ran> {
    const ran = await this.run(args);
    if (ran.code !== 0) throw new Error(`mypaas ${args.join(" ")}: ${ran.out}${ran.err}`);
    return ran;
  }

  /** `mypaas push prod`, with `--json`, from the folder of a service. */
  push(source: Source, args: readonly string[] = []): Promise<Said> {
    return this.startPush(source, args).done;
  }

  /** A command with `--json` for the remote `prod`, heard while it runs. */
  startCommand(args: readonly string[]): Running {
    const command = [this.instance.program, ...args, "--json", "-r", "prod"];
    const env = this.instance.env as NodeJS.ProcessEnv;
    return follow(spawn(process.execPath, command, { env }));
  }

  startPush(source: Source, args: readonly string[] = [], remote = "prod"): Running {
    const command = [this.instance.program, "push", remote, "--json", ...args];
    const env = this.instance.env as NodeJS.ProcessEnv;
    const child = spawn(process.execPath, command, { cwd: source.folder, env });
    return follow(child);
  }

  /** Pushes what must become live or be unchanged, and waits for the end of its job. */
  async mustPush(source: Source, args: readonly string[] = []): Promise<Said> {
    const said = await this.push(source, args);
    if (said.code !== 0) throw new Error(`push ${source.service}: ${said.out}${said.err}`);
    await this.settled(source.service);
    return said;
  }

  /** GET through Traefik. */
  get(host: string, path = "/"): Promise<Answer> {
    const { httpPort: port } = this.instance;
    const options = { host: this.address, port, path, headers: { host } };
    return new Promise((resolve, reject) => {
      const asked = request({ ...options, agent: false, timeout: 20_000 }, (response) => {
        let body = "";
        response.setEncoding("utf8").on("data", (text: string) => (body += text));
        response.on("error", reject).on("end", () => {
          const release = String(response.headers["x-mypaas-release"] ?? "none");
          resolve({ status: response.statusCode ?? 0, release, body });
        });
      });
      asked.on("error", reject).on("timeout", () => asked.destroy(new Error("no answer in 20 s")));
      asked.end();
    });
  }

  /** 200 requests a second, or another rate, to one host. */
  load(
    host: string,
    more: { readonly perSecond?: number; readonly isPlain?: boolean } = {},
  ): Prober {
    const { perSecond = 200, isPlain = false } = more;
    const ways = isPlain ? {} : { slowPath: "/slow", echoPath: "/echo" };
    const port = this.instance.httpPort;
    const load = startProber({
      address: this.address,
      port,
      host,
      perSecond,
      maxRequests: 60_000,
      ...ways,
    });
    this.#loads.push(load);
    return load;
  }

  /** Everything that a push may leave behind on the server. */
  async stored() {
    const paths = instancePaths(this.instance);
    const files = async (folder: string) =>
      (await readdir(folder, { recursive: true, withFileTypes: true })).filter((one) =>
        one.isFile(),
      ).length;
    return {
      jobs: this.#count("jobs"),
      releases: this.#count("releases"),
      blobs: this.#count("blobs"),
      blobFiles: await files(paths.blobs),
      spooled: (await files(paths.spool)) + (await files(paths.localSpool)),
    };
  }

  #count(table: string): number {
    return Number(this.query(`SELECT count(*) AS n FROM ${table}`)[0]?.["n"]);
  }

  /** Reads the worker's state beside the worker. */
  query(sql: string, ...values: readonly string[]): readonly Record<string, unknown>[] {
    const database = new DatabaseSync(instancePaths(this.instance).database, { readOnly: true });
    try {
      return database.prepare(sql).all(...values);
    } finally {
      database.close();
    }
  }

  /** `name state` of each container of a service, sorted; with `ids` their ids instead. */
  async containers(service: string, ids = false): Promise<readonly string[]> {
    const label = [`mypaas.instance=${this.instance.name}`, `mypaas.service=${service}`];
    const all = await docker.listContainers({ all: true, filters: { label } });
    return all.map((one) => (ids ? one.Id : `${one.Names[0]?.slice(1)} ${one.State}`)).toSorted();
  }

  /** Waits until a service has no job left: "live" is said before the old containers are gone. */
  async settled(service: string): Promise<void> {
    const open = "SELECT id FROM jobs WHERE ended IS NULL AND service = ?";
    for (let tries = 0; tries < 600; tries += 1) {
      if (this.query(open, service).length === 0) return;
      await sleep(100);
    }
    throw new Error(`${service}: a job still runs after a minute`);
  }

  get workerPid(): number {
    return this.#worker.pid ?? -1;
  }

  async stopWorker(signal: "SIGTERM" | "SIGKILL" = "SIGTERM"): Promise<void> {
    if (this.workerPid > 0) await stopWorker(this.workerPid, signal);
  }

  async startWorker(): Promise<void> {
    this.#worker = await startWorker(this.instance);
  }

  /** Sets it up with another version, as `mypaas init` of that does, and starts its worker in the place of the one that runs; returns what init said. */
  async upgrade(program: string): Promise<Ran> {
    this.instance = { ...this.instance, program };
    const said = await this.must([...initArgs(this.instance), "--json"]);
    await this.stopWorker();
    await this.startWorker();
    return said;
  }

  /** Removes every trace of it. */
  async remove(): Promise<void> {
    await Promise.all(this.#loads.map((load) => load.stop()));
    await this.stopWorker("SIGKILL");
    await removeInstance(this.instance);
  }
}
