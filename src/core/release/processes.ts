import { UserError } from "../errors.ts";
import { command, hint } from "../hints.ts";
import type { Release } from "./release.ts";
import { replicaCount, type ServiceSpec } from "./spec.ts";

/** The process that has the port, the routes and the names of a service; it is the one that a service without others has. */
export const web = "web";

/** A name that a process may have; `web` and `release` mean something already. */
export const isProcessName = (name: string): boolean =>
  /^[a-z][a-z0-9-]{0,29}$/.test(name) && !name.endsWith("-");

/** Throws UserError where no replica of `web` would be left; `code` is that of the error. */
export function refuseNoWeb(
  { service, process = web, replicas }: Scaling,
  code: "bad-request" | "usage" = "bad-request",
): void {
  if (process !== web || replicas >= 1) return;
  throw new UserError(`scale ${service}: scale must be at least 1`, {
    code,
    hint: hint`to stop it: ${command(`stop ${service}`)}`,
  });
}

interface Scaling {
  readonly service: string;
  readonly process?: string | undefined;
  readonly replicas: number;
}

type Sized = Pick<ServiceSpec, "scale" | "processes">;

/** How many replicas a process of a service should have; 0 for one that it does not have. */
export const replicasOfProcess = ({ scale, processes }: Sized, process: string): number =>
  process === web
    ? replicaCount(scale)
    : (processes.find(({ name }) => name === process)?.replicas ?? 0);

/** What a process of a service runs; undefined for `web` where its image says it. Throws UserError "no-process" for one that the service does not have. */
export function commandOfProcess(
  { command, processes }: Pick<ServiceSpec, "command" | "processes">,
  process: string,
  title: string,
): string | undefined {
  if (process === web) return command;
  const found = processes.find(({ name }) => name === process);
  if (found !== undefined) return found.command;
  const names = processes.map(({ name }) => name).join(", ");
  throw new UserError(`${title}: it has no process "${process}"`, {
    code: "no-process",
    hint:
      names === ""
        ? `write: # mypaas.process.${process} = command`
        : `its processes are: web, ${names}`,
  });
}

/** The number of replicas of all processes together. */
export const totalReplicas = ({ scale, processes }: Sized): number =>
  processes.reduce((sum, { replicas }) => sum + replicas, replicaCount(scale));

/** A release as one of its processes knows it: nothing but `web` listens anywhere, or has the health check of the image. */
export const ofProcess = (release: Release, process: string): Release =>
  process === web
    ? release
    : {
        ...release,
        port: undefined,
        imageHealthcheck: false,
        spec: { ...release.spec, healthcheck: undefined },
      };

/** A process as people write it: `web`, or `web.worker`. */
export const processWord = (service: string, process: string): string =>
  process === web ? service : `${service}.${process}`;

/** A replica as people write it: `web.1`, or `web.worker.2`. */
export const replicaWord = (
  service: string,
  { process = web, replica }: { readonly process?: string | undefined; readonly replica: number },
): string => `${processWord(service, process)}.${replica}`;

/** Replicas in the order in which they are shown and awaited: those of `web` first, then by process. */
export const byProcess = (
  a: { readonly process: string; readonly replica: number },
  b: { readonly process: string; readonly replica: number },
): number => rank(a.process).localeCompare(rank(b.process), "en") || a.replica - b.replica;

const rank = (process: string): string => (process === web ? "" : process);
