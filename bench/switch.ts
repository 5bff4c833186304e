import { availableParallelism, setPriority } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import type { ProberReport } from "../test/support/prober.ts";
import { traefikVersion } from "../scripts/machine/traefik.ts";
import { ensureDocker } from "../scripts/machine/docker.ts";
import { sweepInstance } from "../scripts/machine/sweep.ts";
import { removeBare } from "./baselines/bare.ts";
import { labelsOnly, pauseMs } from "./baselines/labels-only.ts";
import { recreate } from "./baselines/recreate.ts";
import { runBaseline } from "./baselines/run.ts";
import { build, prepare, type Server } from "./prepare.ts";
import { median } from "./ratio.ts";
import {
  deployMany,
  firstRelease,
  stepMedians,
  type Deployed,
  type Service,
} from "./switch/deploys.ts";
import { withHey } from "./switch/hey.ts";
import { bootMs, rate, startLoad } from "./switch/load.ts";
import { milliseconds, table, thousands, type Row } from "./switch/table.ts";

/** What a deploy costs those who ask meanwhile, with mypaas and without: `npm run bench:switch -- [deploys]`. Ends with 1 when mypaas lost a request. */
const deploys = Number(process.argv[2] ?? 100);
if (!Number.isInteger(deploys) || deploys < 1)
  throw new Error(`deploys: should be a whole number from 1, got "${process.argv[2]}"`);
const waitingDeploys = Math.max(1, Math.round(deploys / 5));
const baselineDeploys = Math.min(5, deploys);
const restMs = 20_000;

const rows: Row[] = [];
const notes: string[] = [];
const say = (row: Row): void => {
  rows.push(row);
  console.log(`${table([row])}\n${reasonsOf(row.report)}`);
};

const name = "mypaas-bench-switch";
await build();
await ensureDocker();
await sweepInstance(name, []);
const server = await prepare(name);
for (const signal of ["SIGINT", "SIGTERM"] as const)
  process.once(signal, () => {
    void Promise.all([server.remove(), removeBare()]).finally(() => process.exit(130));
  });
// The clock of the load would stand still, too, while the machine is busy with a deploy.
if (process.getuid?.() === 0) setPriority(-10);
let hasLost = false;
try {
  await replaceBesides(server);
  await replaceWaiting(server);
} finally {
  await server.remove();
}
const images = { node: server.nodeImage, traefik: server.traefikImage };
for (const [what, move] of [
  ["recreate: stop old, start new", recreate],
  [`labels only: start new, ${pauseMs / 1000} s, stop old`, labelsOnly],
] as const) {
  const report = await runBaseline(images, { move, deploys: baselineDeploys, replicas: 2 });
  say({ what, deploys: baselineDeploys, report });
}
console.log(`\n${table(rows)}\n\n${[conditions(), ...notes].join("\n")}`);
if (hasLost) process.exitCode = 1;

async function replaceBesides(on: Server): Promise<void> {
  const web = await firstRelease(on, "web", "2");
  const rest = await underLoad(on, web, () => sleep(restMs));
  say({ what: "mypaas, at rest", deploys: 0, report: rest.report });
  // A build and a start cost every process of the machine something, whoever is deployed.
  const checked = Math.min(10, deploys);
  const other = await firstRelease(on, "other", "2");
  const beside = await underLoad(on, web, () => deployMany(on, other, checked));
  mine({
    what: "mypaas, while another service is deployed",
    deploys: checked,
    report: beside.report,
  });
  const { report, result } = await underLoad(on, web, () => deployMany(on, web, deploys));
  mine({ what: "mypaas, scale = 2", deploys, report });
  const over = (than: ProberReport) => (report.quick.p99 / than.quick.p99).toFixed(2);
  notes.push(
    `p99 during deploys / at rest: ${over(rest.report)} (aim ≤ 1.5)`,
    `p99 during deploys / during deploys of another service: ${over(beside.report)}`,
    timesOf(result),
  );

  const { instance } = on;
  const at = { port: instance.httpPort, host: web.host };
  const heard = await withHey(at, () => deployMany(on, web, checked));
  if (heard === undefined) return;
  hasLost ||= heard.failed > 0 || heard.answered === 0;
  const counted = `${thousands(heard.answered)} answered with 200, ${heard.failed} failed`;
  notes.push(`hey -disable-keepalive over ${checked} deploys: ${counted}`);
  if (heard.failed > 0) console.log(heard.said);
}

async function replaceWaiting(on: Server): Promise<void> {
  const one = await firstRelease(on, "one", "0");
  const { report, result } = await underLoad(on, one, () => deployMany(on, one, waitingDeploys));
  mine({ what: "mypaas, scale = 0", deploys: waitingDeploys, report });
  const { count, p50, p99, longest } = report.waited;
  const times = `p50 ${milliseconds(p50)}, p99 ${milliseconds(p99)}, longest ${milliseconds(longest)}`;
  notes.push(`scale = 0: ${thousands(count)} quick requests waited: ${times}`, timesOf(result));
}

function mine(row: Row): void {
  say(row);
  hasLost ||= row.report.failed > 0 || row.report.oldAfterNew > 0;
}

async function underLoad<T>(
  { instance }: Server,
  { host }: Service,
  work: () => Promise<T>,
): Promise<{ readonly result: T; readonly report: ProberReport }> {
  const load = startLoad(instance.httpPort, host);
  try {
    const result = await work();
    return { result, report: await load.stop() };
  } finally {
    await load.stop();
  }
}

function timesOf(all: readonly Deployed[]): string {
  const middle = (of: (one: Deployed) => number) => median(all.map(of));
  const over = middle((one) => one.switchMs - one.ownMs);
  const parts = `${milliseconds(middle((one) => one.switchMs))}, of which the app needs ${milliseconds(middle((one) => one.ownMs))}`;
  return `first new container started → cut-over: ${parts}; mypaas adds ${milliseconds(over)} (medians)\n  steps: ${stepMedians(all)}`;
}

function conditions(): string {
  const machine = `${availableParallelism()} cores for everything: load, Traefik, Docker, builds, the app`;
  const mix =
    "86 % quick (keep-alive GET, GET on a fresh connection, POST of 2 kB), 10 % answers of 1.5 s, 2 % event streams and 2 % WebSockets of 1 s";
  const app = `the app listens ${bootMs} ms after its start and ends at once at SIGTERM`;
  const priority = "the load runs before, the laptop's `mypaas push` after everything else";
  return `${machine}; ${priority}; Traefik ${traefikVersion}; ${rate} requests/s, open loop: ${mix}; ${app}; times are those of quick answers`;
}

function reasonsOf({ reasons, byWay }: ProberReport): string {
  const lines = Object.entries(byWay).map(
    ([way, { answered, failed, p50, p99, longest }]) =>
      `  ${way}: ${answered} answered, ${failed} failed, p50 ${p50}, p99 ${p99}, longest ${longest} ms`,
  );
  const why = Object.entries(reasons).map(([reason, count]) => `  failed ${count} × ${reason}`);
  return [...lines, ...why].join("\n");
}
