import { formatAge, formatBytes } from "../../core/format.ts";
import { processWord, web } from "../../core/release/processes.ts";
import type { PsProcess, PsReplica, PsService, PsSnapshot } from "../../core/actions/watch.ts";
import { runningOf, sumKnown, worstState } from "../../core/health/service-state.ts";
import { shortened, table } from "./table.ts";

const width = 80;

/** All services, two lines each, or one of them with its replicas; no line is longer than 80 columns. */
export function renderPs({ services, at }: PsSnapshot, service: string | undefined): string {
  if (service !== undefined)
    return services.map((one) => renderService(one, at)).join("\n\n") || `${service} is not here`;
  if (services.length === 0) return "no services yet";
  const rows = services.flatMap((one) => [
    { cells: overviewRow(one, at), below: routeLine(one.routes) },
    ...(one.processes ?? []).map((process) => ({ cells: processRow(one, process), below: [] })),
  ]);
  const cells = rows.map((row) => row.cells);
  const [head = "", ...lines] = table(overviewColumns, cells).split("\n");
  return [head, ...lines.flatMap((line, index) => [line, ...(rows[index]?.below ?? [])])].join(
    "\n",
  );
}

const overviewColumns = ["service", "release", "state", "replicas", "cpu", "memory", "last deploy"];

function overviewRow(one: PsService, now: number): readonly string[] {
  const { service, release, processes = [], job } = one;
  const running = runningOf(one, undefined);
  const others = processes.reduce((count, { wanted }) => count + wanted, 0);
  return [
    shortened(service, 13),
    String(release ?? ""),
    shortened(worstState(one), 9),
    `${running.length} of ${Math.max(0, one.wanted - others)}`,
    ...(running.length === 0 ? ["", ""] : used(running)),
    job === undefined ? "" : `${shortened(job.state, 11)} ${formatAge(now - job.at)}`,
  ];
}

/** A process beside `web` has a line of its own. */
function processRow(one: PsService, { process, wanted }: PsProcess): readonly string[] {
  const running = runningOf(one, process);
  const own = one.replicas.filter((replica) => replica.process === process);
  return [
    shortened(`  .${process}`, 13),
    "",
    own.some(({ state }) => state === "crashing") ? "crashing" : "",
    `${running.length} of ${wanted}`,
    ...(running.length === 0 ? ["", ""] : used(running)),
    "",
  ];
}

const used = (running: readonly PsReplica[]): readonly string[] => [
  formatCpu(sumKnown(running.map(({ cpu }) => cpu))),
  formatBytes(sumKnown(running.map(({ memoryBytes }) => memoryBytes)) ?? 0),
];

function routeLine(routes: readonly string[]): readonly string[] {
  if (routes.length === 0) return [];
  const fitting = routes.filter(
    (_, index) => routes.slice(0, index + 1).join(" ").length < width - 12,
  );
  const more = routes.length - fitting.length;
  if (fitting.length === 0) return [`  ${shortened(routes.join(" "), width - 2)}`];
  return [`  ${fitting.join(" ")}${more === 0 ? "" : ` and ${more} more`}`];
}

const replicaColumns = ["replica", "release", "state", "up", "restarts", "cpu", "memory"];

function renderService(one: PsService, now: number): string {
  const { service, release, state, routes, scaledByCommand, maintenance, replicas, job } = one;
  const rows = replicas.map((replica) => replicaRow(service, replica));
  const { replicas: scale, written } = scaledByCommand ?? {};
  return [
    release === undefined ? `${service}: ${state}` : `${service}: release ${release} is ${state}`,
    ...routes.map((route) => shortened(route, width)),
    ...(maintenance === undefined ? [] : [shortened(describeMaintenance(maintenance, now), width)]),
    ...(scale === undefined
      ? []
      : [`scaled to ${scale} by command; its Dockerfile says ${written}`]),
    ...(one.processes ?? []).flatMap(({ process, scaledByCommand: set }) =>
      set === undefined
        ? []
        : [`${process} scaled to ${set.replicas} by command; its Dockerfile says ${set.written}`],
    ),
    replicas.length === 0 ? "no replicas" : table(replicaColumns, rows),
    ...(job === undefined
      ? []
      : [`last job: ${job.job} (${job.action}) ${job.state}, ${formatAge(now - job.at)} ago`]),
  ].join("\n");
}

const describeMaintenance = (
  { since, text }: NonNullable<PsService["maintenance"]>,
  now: number,
): string =>
  `in maintenance for ${formatAge(now - since)}: its routes answer 503${text === "" ? "" : `, ${text}`}`;

function replicaRow(service: string, replica: PsReplica): readonly string[] {
  const { state, health, exitCode, upMs, restarts, cpu, memoryBytes, memoryLimit } = replica;
  const word = exitCode === undefined || state === "created" ? state : `${state} (${exitCode})`;
  const memory = memoryBytes === undefined ? "" : formatBytes(memoryBytes);
  return [
    `${shortened(processWord(service, replica.process ?? web), replica.process === undefined ? 16 : 20)}.${replica.replica}`,
    String(replica.release),
    health === undefined || health === "healthy" ? word : `${word}, ${health}`,
    upMs === undefined ? "" : formatAge(upMs),
    restarts === 0 ? "" : String(restarts),
    formatCpu(cpu),
    memoryLimit === undefined ? memory : `${memory} of ${formatBytes(memoryLimit)}`.trim(),
  ];
}

const formatCpu = (cores: number | undefined): string =>
  cores === undefined ? "" : `${Math.round(cores * 100)} %`;
