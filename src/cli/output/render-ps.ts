import { formatAge, formatBytes } from "../../core/format.ts";
import type { PsReplica, PsService, PsSnapshot } from "../../core/actions/watch.ts";
import { shortened, table } from "./table.ts";

const width = 80;

/** All services, two lines each, or one of them with its replicas; no line is longer than 80 columns. */
export function renderPs({ services, at }: PsSnapshot, service: string | undefined): string {
  if (service !== undefined)
    return services.map((one) => renderService(one, at)).join("\n\n") || `${service} is not here`;
  if (services.length === 0) return "no services yet";
  const rows = services.map((one) => overviewRow(one, at));
  const [head = "", ...lines] = table(overviewColumns, rows).split("\n");
  return [
    head,
    ...lines.flatMap((line, index) => [line, ...routeLine(services[index]?.routes ?? [])]),
  ].join("\n");
}

const overviewColumns = ["service", "release", "state", "replicas", "cpu", "memory", "last deploy"];

function overviewRow(one: PsService, now: number): readonly string[] {
  const { service, release, replicas, job } = one;
  const running = replicas.filter(({ upMs }) => upMs !== undefined);
  return [
    shortened(service, 13),
    String(release ?? ""),
    shortened(stateOf(one), 9),
    `${running.length} of ${one.wanted}`,
    ...(running.length === 0 ? ["", ""] : used(running)),
    job === undefined ? "" : `${shortened(job.state, 11)} ${formatAge(now - job.at)}`,
  ];
}

/** What is worst is what one wants to see first. */
function stateOf({ state, replicas, maintenance }: PsService): string {
  const words = replicas.map((replica) => replica.state);
  if (words.includes("crashing")) return "crashing";
  if (replicas.some(({ health }) => health === "unhealthy")) return "unhealthy";
  return maintenance === undefined ? state : "closed";
}

const used = (running: readonly PsReplica[]): readonly string[] => [
  formatCpu(sum(running.map(({ cpu }) => cpu))),
  formatBytes(sum(running.map(({ memoryBytes }) => memoryBytes)) ?? 0),
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
    `${shortened(service, 16)}.${replica.replica}`,
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

/** Undefined where nothing is known. */
function sum(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined);
  return known.length === 0 ? undefined : known.reduce((a, b) => a + b, 0);
}
