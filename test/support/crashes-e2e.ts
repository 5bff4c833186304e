import { randomUUID } from "node:crypto";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { isOutcome } from "../../src/core/wire/event-roles.ts";
import type { Event } from "../../src/core/wire/events.ts";
import { instancePaths } from "../../src/core/server/instance.ts";
import {
  arm,
  crashFlags,
  diedAt,
  disarm,
  pointName,
  pointsOf,
  traced,
  type Armed,
  type Point,
} from "./crash-points.ts";
import { docker, startServer, type TestServer } from "./mypaas-e2e.ts";
import type { Prober } from "./prober.ts";
import { replicasOf, workerSource } from "./processes-e2e.ts";
import { failureOf, type Running } from "./said-e2e.ts";
import { makeSource, writeDockerfile, type Source } from "./source-e2e.ts";

/** A server whose worker ends where it is told to. */
export interface CrashServer {
  readonly server: TestServer;
  readonly folder: string;
  /** Removes every trace of it. */
  readonly remove: () => Promise<void>;
}

export async function startCrashServer(instance: string): Promise<CrashServer> {
  const folder = await mkdtemp(join(tmpdir(), `${instance}-armed-`));
  const server = await startServer(instance, { workerFlags: crashFlags(folder) });
  const remove = async (): Promise<void> => {
    await server.remove();
    await rm(folder, { recursive: true, force: true });
  };
  return { server, folder, remove };
}

/** A kind of job, and in which way the service switches. */
export interface CrashKind {
  readonly name: string;
  readonly keys: readonly string[];
  /** Whether its routes have a release at every moment, so that no request may fail. */
  readonly isServed: boolean;
  /** Brings the service to where the job begins. */
  readonly prepare?: (server: TestServer, source: Source) => Promise<void>;
  readonly job: (server: TestServer, source: Source) => Promise<Running>;
}

const pushed = async (server: TestServer, source: Source): Promise<Running> => {
  await source.write("page.txt", `page ${randomUUID()}`);
  return server.startPush(source);
};
const command =
  (...args: readonly string[]) =>
  async (server: TestServer): Promise<Running> =>
    server.startCommand(args);
const isLive = (server: TestServer, { service }: Source): boolean =>
  server.query("SELECT 1 FROM releases WHERE service = ? AND state = 'live'", service).length > 0;

/** Every kind of job of a service, and each kind of switch. */
export const crashKinds: readonly CrashKind[] = [
  { name: "push, new before old", keys: ["scale = 2"], isServed: true, job: pushed },
  { name: "push, old before new", keys: ["scale = 0"], isServed: true, job: pushed },
  {
    name: "push with one more domain",
    keys: ["scale = 1"],
    isServed: true,
    job: async (server, source) => {
      const domain = `domain = ${randomUUID().slice(0, 8)}.example.test`;
      await writeDockerfile(source, { keys: ["scale = 1", domain] });
      return server.startPush(source);
    },
  },
  {
    name: "push, first release",
    keys: ["scale = 1"],
    isServed: false,
    prepare: async (server, source) => {
      if (isLive(server, source)) await server.must(["remove", source.service, "-r", "prod", "-y"]);
    },
    job: pushed,
  },
  {
    name: "rollback",
    keys: ["scale = 1"],
    isServed: true,
    prepare: async (server, source) => {
      if (server.query("SELECT 1 FROM releases WHERE service = ?", source.service).length > 1)
        return;
      await source.write("page.txt", "second page");
      await server.mustPush(source);
    },
    job: command("rollback", "web"),
  },
  { name: "restart", keys: ["scale = 1"], isServed: true, job: command("restart", "web") },
  {
    name: "scale",
    keys: ["scale = 1"],
    isServed: true,
    job: async (server, source) => {
      const now = await liveContainers(server, source);
      return server.startCommand(["scale", "web", now.length === 1 ? "2" : "1"]);
    },
  },
  {
    name: "env set",
    keys: ["scale = 1"],
    isServed: true,
    job: async (server) => server.startCommand(["env", "web", "set", `A=${randomUUID()}`]),
  },
  {
    name: "stop",
    keys: ["scale = 1"],
    isServed: false,
    prepare: async (server, source) => {
      if (!isLive(server, source)) await server.must(["start", "web", "-r", "prod"]);
    },
    job: command("stop", "web"),
  },
  {
    name: "start",
    keys: ["scale = 1"],
    isServed: false,
    prepare: async (server, source) => {
      if (isLive(server, source)) await server.must(["stop", "web", "-r", "prod"]);
    },
    job: command("start", "web"),
  },
  {
    name: "remove",
    keys: ["scale = 1"],
    isServed: false,
    prepare: async (server, source) => {
      if (!isLive(server, source)) await server.mustPush(source);
    },
    job: command("remove", "web", "-y"),
  },
];

/** What became of one point. */
export interface PointResult {
  readonly point: string;
  /** False where the job ended without passing it. */
  readonly died: boolean;
  /** From the moment at which the worker listens again until its job has an end. */
  readonly recoveryMs: number;
  /** What is not as it has to be. */
  readonly wrong: readonly string[];
}

/** One kind of job, with its own service and requests all the time. */
export class CrashStory {
  readonly #at: CrashServer;
  readonly #kind: CrashKind;
  readonly #source: Source;
  readonly #load: Prober | undefined;

  private constructor(
    at: CrashServer,
    { kind, source, load }: { kind: CrashKind; source: Source; load: Prober | undefined },
  ) {
    this.#at = at;
    this.#kind = kind;
    this.#source = source;
    this.#load = load;
  }

  static async begin(at: CrashServer, kind: CrashKind, perSecond = 40): Promise<CrashStory> {
    const source = await makeSource(at.server, "web", { keys: kind.keys });
    await at.server.mustPush(source);
    const load = kind.isServed ? at.server.load(source.host, { perSecond }) : undefined;
    return new CrashStory(at, { kind, source, load });
  }

  /** The points of the job, from one run of it that nothing disturbs. */
  async points(): Promise<readonly Point[]> {
    const { server, folder } = this.#at;
    await this.#kind.prepare?.(server, this.#source);
    await arm(folder, {});
    const said = await (await this.#kind.job(server, this.#source)).done;
    await server.settled("web");
    await disarm(folder);
    if (said.code !== 0) throw new Error(`${this.#kind.name}: ${said.out}${said.err}`);
    return pointsOf(await traced(folder));
  }

  /** Does the job, ends the worker at the point, and maybe the next one at so-many-th moment of its life. */
  async crash(point: Point, again?: number): Promise<PointResult> {
    const { server, folder } = this.#at;
    const failedBefore = this.#load?.counts().failed ?? 0;
    await this.#kind.prepare?.(server, this.#source);
    const lastJob = newestJob(server);
    await arm(folder, { point });
    const job = await this.#kind.job(server, this.#source);
    const died = await untilDied(folder, job);
    let listens = Date.now();
    if (died) {
      listens = await this.#restart(again === undefined ? undefined : { count: again });
      await Promise.race([job.done, sleep(60_000)]);
    }
    await disarm(folder);
    job.child.kill("SIGKILL");
    await server.settled("web");
    const ended = server.query("SELECT max(ended) AS at FROM jobs")[0]?.["at"];
    // Slow answers that were under way.
    if (died) await sleep(200);
    const failed = (this.#load?.counts().failed ?? 0) - failedBefore;
    const wrong = [
      ...(failed > 0 ? [`${failed} requests failed`] : []),
      ...(await wrongAfter(server, this.#source, lastJob)),
    ];
    const recoveryMs = died ? Math.max(0, Number(ended ?? 0) - listens) : 0;
    return { point: pointName(point), died, recoveryMs, wrong };
  }

  /** Starts the worker until one lives; returns when it listened. */
  async #restart(next: Omit<Armed, "id"> | undefined): Promise<number> {
    const { server, folder } = this.#at;
    await server.stopWorker("SIGKILL");
    if (next === undefined) await disarm(folder);
    else {
      await arm(folder, next);
      await server.startWorker().catch(() => undefined);
      for (let tries = 0; tries < 300 && diedAt(folder) === undefined; tries += 1) {
        if (server.query("SELECT id FROM jobs WHERE ended IS NULL").length === 0) break;
        await sleep(10);
      }
      await disarm(folder);
      if (diedAt(folder) === undefined) return Date.now();
      await server.stopWorker("SIGKILL");
    }
    await server.startWorker();
    return Date.now();
  }

  /** Ends the requests; returns how many were sent, and what was wrong with those that failed. */
  async end() {
    const { server } = this.#at;
    const report = await this.#load?.stop();
    await server.run(["remove", "web", "-r", "prod", "-y"]);
    const { sent = 0, failed = 0, reasons = {} } = report ?? {};
    const images = (await docker.listImages()).flatMap(({ RepoTags }) => RepoTags ?? []);
    const left = images.filter((image) => image.startsWith(`${server.instance.name}/web:`));
    return { sent, failed, why: JSON.stringify(reasons), left };
  }
}

/** A worker is killed late in a cut-over, and the new release is no longer whole when the next one comes: requests go back to the old one, slow ones among them. */
export async function takenBack({ server, folder }: CrashServer, scale: 0 | 1) {
  const source = await workerSource(server, "back", [`scale = ${scale}`]);
  await server.mustPush(source);
  const load = server.load(source.host, { perSecond: 40 });
  await source.write("page.txt", `new ${randomUUID()}`);
  const effect = "sqlite steps: outcome cut-over";
  await arm(folder, { point: { effect, times: 1, phase: "before" } });
  const push = server.startPush(source);
  if (!(await untilDied(folder, push))) throw new Error("the push ended before its cut-over");
  await server.stopWorker("SIGKILL");
  await disarm(folder);
  // So that slow requests are under way.
  await sleep(500);
  const all = await replicasOf(server, "back");
  const newest = Math.max(...all.map((one) => one.release));
  const lost = all.find((one) => one.release === newest && one.process === "worker");
  if (lost === undefined) throw new Error("the new release has no worker");
  await docker.getContainer(lost.name).remove({ force: true });
  await server.startWorker();
  const said = await push.done;
  await server.settled("back");
  const { sent, failed, reasons, byRelease } = await load.stop();
  const still = String(failureOf(said).still);
  await server.must(["remove", "back", "-r", "prod", "-y"]);
  const byNew = byRelease[`back/${newest}`] ?? 0;
  return { sent, failed, why: JSON.stringify(reasons), byNew, still };
}

const newestJob = (server: TestServer): number =>
  Number(server.query("SELECT COALESCE(MAX(id), 0) AS id FROM jobs")[0]?.["id"]);

async function containersOf(server: TestServer, { service }: Source) {
  const label = [`mypaas.instance=${server.instance.name}`, `mypaas.service=${service}`];
  const all = await docker.listContainers({ all: true, filters: { label } });
  return all.map((one) => `r${one.Labels["mypaas.release"]} ${one.State}`).toSorted();
}

const liveContainers = async (server: TestServer, source: Source): Promise<readonly string[]> =>
  (await containersOf(server, source)).filter((text) => text.endsWith(" running"));

/** True once the worker has died at the armed moment; false when the job has ended before it. */
async function untilDied(folder: string, job: Pick<Running, "done">): Promise<boolean> {
  let isOver = false;
  void job.done.then(() => (isOver = true));
  while (!isOver && diedAt(folder) === undefined) await sleep(10);
  return diedAt(folder) !== undefined;
}

/** The invariants of every moment after a recovery. */
async function wrongAfter(
  server: TestServer,
  source: Source,
  lastJob: number,
): Promise<readonly string[]> {
  const wrong: string[] = [];
  const { service, host } = source;
  const jobs = server.query(
    "SELECT id, state FROM jobs WHERE id > CAST(? AS INTEGER)",
    `${lastJob}`,
  );
  for (const { id, state } of jobs) {
    const log = server.query("SELECT event FROM job_log WHERE job = ?", String(id));
    const events = log.map(({ event }) => JSON.parse(String(event)) as Event);
    const found = events.filter((event) => isOutcome(event)).map(({ kind }) => kind);
    if (found.length !== 1)
      wrong.push(`job ${String(id)} (${String(state)}) has the ends ${found.join()}`);
  }
  const live = server.query(
    "SELECT number, release FROM releases WHERE service = ? AND state = 'live'",
    service,
  );
  if (live.length > 1) wrong.push(`${live.length} releases are live`);
  const [now] = live;
  const number = now === undefined ? undefined : Number(now["number"]);
  const text = now === undefined ? "" : String(now["release"]);
  const scale = (JSON.parse(text || "{}") as { spec?: { scale?: { replicas?: number } } }).spec
    ?.scale;
  const wanted =
    number === undefined
      ? []
      : Array.from({ length: scale?.replicas ?? 1 }, () => `r${number} running`);
  const containers = await containersOf(server, source);
  if (containers.join() !== wanted.join())
    wrong.push(
      `containers ${containers.join(", ") || "none"}, should be ${wanted.join(", ") || "none"}`,
    );
  const answer = await server.get(host);
  const release = number === undefined ? "none" : `${service}/${number}`;
  if (answer.release !== release) wrong.push(`${answer.release} answers, should be ${release}`);
  const paths = instancePaths(server.instance);
  if (/hold-|rest-|wait-/.test(await readFile(paths.dynamicFile, "utf8")))
    wrong.push("the dynamic file holds requests");
  const dynamic = await readdir(paths.dynamicDir);
  if (dynamic.join() !== "mypaas.yml") wrong.push(`dynamic files: ${dynamic.join()}`);
  const check = server.query("PRAGMA quick_check(1)")[0]?.["quick_check"];
  if (check !== "ok") wrong.push(`database: ${String(check)}`);
  return wrong;
}
