import type { Event, LiveEvent } from "../core/wire/events.ts";
import type { InstanceConfig } from "../core/server/instance.ts";
import type { Release } from "../core/release/release.ts";
import { processWord, replicasOfProcess, totalReplicas } from "../core/release/processes.ts";
import type { RouteSpec } from "../core/release/spec.ts";
import { formatDuration } from "../core/format.ts";
import type { Replica } from "./ports.ts";

/** The messages of a switch to its user. */
export const messages = {
  starting: ({ spec, number }: Release): Event => {
    const count = totalReplicas(spec);
    const what = count === 1 ? "" : `${count} containers of `;
    return step(`starting ${what}${spec.service} release ${number}`);
  },
  running: ({ spec }: Release): Event => step(`running ${spec.release}`),
  stillRunning: ({ spec }: Release, ms: number): Event =>
    step(`${spec.release} runs for ${formatDuration(ms)} so far`),
  ran: ({ spec }: Release, ms: number): Event =>
    step(`${spec.release} succeeded after ${formatDuration(ms)}`),
  stillWaiting: (
    replicas: readonly string[],
    { ms, reason }: { readonly ms: number; readonly reason: string },
  ): Event => step(`waiting for ${listed(replicas)}, ${formatDuration(ms)} so far: ${reason}`),
  stopping: ({ spec, number }: Release): Event => {
    const routes = spec.routes.length === 0 ? "" : "; its routes answer 503";
    return step(`stopping ${spec.service} release ${number}${routes}`);
  },
  stoppingOld: (from: Release, to: Release): Event => {
    const next = `before release ${to.number} starts`;
    const meanwhile = from.spec.routes.length === 0 ? ` ${next}` : "; its requests wait";
    return step(`stopping ${from.spec.service} release ${from.number}${meanwhile}`);
  },
  reaching: ({ spec }: Release, ms: number): Event =>
    step(`${spec.service} answers the requests that waited, up to ${formatDuration(ms)}`),
  waitingForHandover: (service: string, ms: number): Event =>
    step(`${service} answers the requests that waited, up to ${formatDuration(ms)}, then switches`),
  draining: (from: Release, open: number): Event =>
    step(`waiting for ${connections(open)} to ${from.spec.service} release ${from.number} to end`),
  cutOff: (from: Release, open: number): Event => ({
    kind: "warning",
    text: `${connections(open)} to ${from.spec.service} release ${from.number} did not end in time`,
    hint: "set # mypaas.drain-timeout to give them longer",
  }),
  waitingFor: (system: string, error: unknown): Event =>
    step(`waiting until ${system} answers: ${messageOf(error)}`),
  bringingBack: (from: Release): Event =>
    step(`starting ${from.spec.service} release ${from.number} again`),
  notBack: (from: Release, error: unknown): Event => ({
    kind: "warning",
    text: `${from.spec.service} release ${from.number} does not run again: ${messageOf(error)}`,
    hint: `push ${from.spec.service} again`,
  }),
  leftOver: (what: string, error: unknown): Event => ({
    kind: "warning",
    text: `${what}: ${messageOf(error)}`,
  }),
  unanswered: (route: RouteSpec, server: Server): Event => ({
    kind: "warning",
    text: `${routeUrl(route, server)} has not answered yet`,
  }),
  asProcessOne: ({ spec, number }: Release): Event => ({
    kind: "warning",
    text: `${spec.service} release ${number} has to be process 1 of its container, so it starts again as that`,
    hint: "set # mypaas.init = false, so that it starts at once",
  }),
  answersError: (route: RouteSpec, server: Server, status: number): Event => ({
    kind: "warning",
    text: `${routeUrl(route, server)} answers ${status}`,
    hint: "set # mypaas.healthcheck, so that a release that answers so does not take over",
  }),
  live: (
    release: Release,
    server: Server,
    { ms, unproven = [] }: { readonly ms: number; readonly unproven?: readonly RouteSpec[] },
  ): LiveEvent => ({
    kind: "live",
    service: release.spec.service,
    release: release.number,
    urls: release.spec.routes
      .filter(({ to }) => to === undefined)
      .map((route) => routeUrl(route, server)),
    ...(unproven.length > 0 && { unproven: unproven.map((route) => routeUrl(route, server)) }),
    ms,
  }),
} as const;

type Server = Pick<InstanceConfig, "httpPort" | "httpsPort">;

const step = (text: string): Event => ({ kind: "step", text });

/** A replica as messages call it: `web`, or `web.2` where there are several; `web.worker` and `web.worker.2` of another process. */
export function replicaWord(
  { spec }: Pick<Release, "spec">,
  { process, replica }: Pick<Replica, "process" | "replica">,
): string {
  const word = processWord(spec.service, process);
  return replicasOfProcess(spec, process) <= 1 ? word : `${word}.${replica}`;
}

/** `web.1, web.2 and 3 more` where there are many. */
function listed(names: readonly string[]): string {
  const shown = names.length > 4 ? [...names.slice(0, 3), `${names.length - 3} more`] : names;
  const last = shown.at(-1) ?? "";
  return shown.length < 2 ? last : `${shown.slice(0, -1).join(", ")} and ${last}`;
}

const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);

const connections = (count: number): string =>
  count === 1 ? "1 connection" : `${count} connections`;

/** Without the port where it is the usual one. */
export function routeUrl({ host, path, https }: RouteSpec, server: Server): string {
  const [scheme, port, usual] = https
    ? ["https", server.httpsPort, 443]
    : ["http", server.httpPort, 80];
  return `${scheme}://${host}${port === usual ? "" : `:${port}`}${path}`;
}

/** The sentence about the release that runs although a deploy failed. */
export function stillRuns(service: string, from: Release | "unknown" | undefined): string {
  if (from === "unknown") return `it could not be seen what of ${service} still runs`;
  return from === undefined
    ? `no release of ${service} runs`
    : `${service} still runs release ${from.number}`;
}
