import { cp, mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { count, object } from "../src/core/stored/shape.ts";
import { readStored } from "../src/core/stored/stored.ts";
import { startProber, type ProberReport } from "../test/support/prober.ts";
import { findBaseImage, findTraefik } from "./machine/sources.ts";
import { dockerAnswers, ensureDocker } from "./machine/docker.ts";
import {
  describeInstance,
  initInstance,
  mypaas,
  removeInstance,
  startWorker,
  stopWorker,
  type Instance,
} from "./machine/instance.ts";
import { installPackages } from "./machine/packages.ts";
import { freePort } from "./machine/ports.ts";
import { has } from "./machine/run.ts";

/** The main job from nothing to a second release under load; `--down` removes it all, `--once` does both. */
const root = dirname(import.meta.dirname);
const name = "mypaas-demo";
const folder = `/var/lib/${name}`;
const record = join(folder, "demo.json");
/** What is kept of a demo that runs: the pid of its worker. */
const recordShape = object<{ readonly worker: number }, "worker">({ worker: count });
const host = "hello.localhost";
/** Enough to sweep up what a demo has left. */
const nowhere = {
  name,
  folder,
  httpPort: 0,
  httpsPort: 0,
  program: "",
  traefik: ["--traefik-image", ""],
} as const;

try {
  const flags = process.argv.slice(2);
  const unknown = flags.find((flag) => !["--down", "--once"].includes(flag));
  if (unknown !== undefined) throw new Error(`unknown option ${unknown}, known are --down, --once`);
  if (process.getuid?.() !== 0)
    throw new Error("the demo sets up a server, which only root can\nhint: sudo npm run demo");
  if (await dockerAnswers()) await down();
  if (!flags.includes("--down")) await up(flags.includes("--once"));
} catch (error) {
  console.error(`error: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}

async function up(once: boolean): Promise<void> {
  title("1. What a server needs");
  if (!(await has("ssh-keygen")))
    await installPackages(["openssh-client"], "ssh-keygen, which signs what a laptop pushes");
  await ensureDocker();
  const instance = describeInstance({
    name,
    folder,
    httpPort: await freePort(8080),
    httpsPort: await freePort(8443),
    program: join(root, "bin", "mypaas.ts"),
    traefik: await findTraefik(),
  });
  const base = await findBaseImage("node:24-slim");

  title("2. mypaas init, once on the server");
  const line = await initInstance(instance, true);
  const worker = await startWorker(instance);
  await writeFile(record, JSON.stringify({ worker: worker.pid }));
  try {
    const report = await pushTwice(instance, line, base);
    if (report.failed > 0 || report.oldAfterNew > 0) process.exitCode = 1;
  } finally {
    if (once) await down();
  }
  if (once) return console.log("\nEverything is removed again.");
  console.log(
    `\nIt stays: http://${host}:${instance.httpPort}   (remove it: npm run demo -- --down)`,
  );
  const { HOME = "" } = instance.env;
  console.log(`Ask it more: HOME=${HOME} node_modules/.bin/node bin/mypaas.ts ps -r demo`);
}

async function pushTwice(instance: Instance, line: string, base: string): Promise<ProberReport> {
  title("3. mypaas remote add, once on the laptop");
  await must(instance, ["remote", "add", "demo", line]);

  title("4. mypaas push: the first release");
  const app = join(folder, "hello");
  await mkdir(app, { recursive: true });
  await cp(join(root, "examples", "hello"), app, { recursive: true });
  await edit(join(app, "Dockerfile"), "node:24-slim", base);
  await must(instance, ["push"], app);
  console.log(`\n${await page(instance)}`);

  title("5. A change, pushed while 200 requests a second come in");
  await edit(join(app, "page.html"), "Hello", "Hello again");
  const prober = startProber({
    address: "127.0.0.1",
    port: instance.httpPort,
    host,
    perSecond: 200,
    maxRequests: 60_000,
    slowPath: "/slow",
    echoPath: "/echo",
  });
  let report: ProberReport;
  try {
    await must(instance, ["push"], app);
    console.log(`\n${await page(instance)}`);
    await sleep(4000);
  } finally {
    report = await prober.stop();
  }
  const { sent, failed, oldAfterNew, byRelease, p99 } = report;
  const releases = Object.entries(byRelease).map(([release, count]) => `${release}: ${count}`);
  console.log(`requests sent: ${sent}, failed: ${failed}, answered by ${releases.join(", ")}`);
  console.log(`answered by the old release after the new one had answered: ${oldAfterNew}`);
  console.log(`99 of 100 within ${Math.round(p99)} ms (every tenth asks for an answer of 1.5 s)`);
  if (failed > 0) console.log(JSON.stringify(report.reasons));
  return report;
}

async function down(): Promise<void> {
  const text = await readFile(record, "utf8").catch(() => undefined);
  if (text !== undefined) {
    console.log("removing the demo that runs …");
    const thing = { name: record, hint: `end its worker, then remove it: rm ${record}` };
    await stopWorker(readStored(text, recordShape, thing).worker);
  }
  await removeInstance(describeInstance(nowhere));
}

async function must(instance: Instance, args: readonly string[], cwd = folder): Promise<void> {
  console.log(`$ mypaas ${args.map((arg) => (arg.includes("#") ? `'${arg}'` : arg)).join(" ")}`);
  const { code } = await mypaas(instance, args, { cwd, live: true });
  if (code !== 0) throw new Error(`mypaas ${args[0]} ended with ${code}`);
}

async function page({ httpPort }: Instance): Promise<string> {
  const { get } = await import("node:http");
  return new Promise((resolve, reject) => {
    const options = { host: "127.0.0.1", port: httpPort, headers: { host } };
    get(options, (response) => {
      let text = `$ curl http://${host}:${httpPort}\n`;
      response.setEncoding("utf8").on("data", (more: string) => (text += more));
      response.on("end", () => resolve(text));
    }).on("error", reject);
  });
}

async function edit(file: string, from: string, to: string): Promise<void> {
  await writeFile(file, (await readFile(file, "utf8")).replace(from, to));
}

function title(text: string): void {
  console.log(`\n\u2500\u2500 ${text}`);
}
