import type Docker from "dockerode";
import { isLauncher } from "../../../core/image/buildpacks.ts";
import { programFacts } from "../../../core/image/image-config.ts";
import { routingLabels } from "../../../core/routing/labels.ts";
import { label, networkName } from "../../../core/release/names.ts";
import { web } from "../../../core/release/processes.ts";
import { stripControls } from "../../../core/terminal-text.ts";
import type { ImageFacts, Replica } from "../../../deploy/ports.ts";
import { tolerating } from "./client.ts";

/** False for the container of a release command, which never answers requests. */
export const isReplica = ({ replica }: Replica): boolean => replica >= 1;

/** What the engine knows about a container of a service; replica 0 is that of a release command, `instance` picks the network whose address counts. */
export function containerFacts(info: Docker.ContainerInspectInfo, instance: string): Replica {
  const labels = info.Config.Labels ?? {};
  const { State: state } = info;
  const address = info.NetworkSettings.Networks?.[networkName(instance)]?.IPAddress;
  return {
    id: info.Id,
    name: info.Name.replace(/^\//, ""),
    ...placeOf(labels),
    state: states[state.Status] ?? "ended",
    exitCode: state.ExitCode,
    oomKilled: state.OOMKilled || looksOomKilled(info),
    error: stripControls(state.Error ?? ""),
    health: healths.find((health) => health === state.Health?.Status),
    ...healthOutput(state.Health?.Log),
    ...(info.Path !== undefined && { program: [info.Path, ...(info.Args ?? [])] }),
    address: state.Running && address !== undefined && address !== "" ? address : undefined,
    startedAt: timeOf(state.StartedAt),
  };
}

/** Engines on cgroup v1 often miss the kernel's notice, so a SIGKILL in a container with a limit counts too. */
const looksOomKilled = ({ State: state, HostConfig: host }: Docker.ContainerInspectInfo): boolean =>
  !state.Running && state.ExitCode === 137 && (host.Memory ?? 0) > 0;

/** What a release needs to know about its image. */
export function imageFacts(info: Docker.ImageInspectInfo): ImageFacts {
  const { entrypoint, ...facts } = programFacts(info.Config);
  const labels = info.Config?.Labels ?? {};
  return {
    id: info.Id,
    ...facts,
    hasLauncher: isLauncher(entrypoint),
    routingLabels: routingLabels(Object.keys(labels)),
  };
}

/** Undefined when there is no such image. */
export async function inspectImage(docker: Docker, name: string): Promise<ImageFacts | undefined> {
  const info = await tolerating([404], docker.getImage(name).inspect());
  return info && imageFacts(info);
}

/** A restart policy is set at the cut-over only, so a container that has exited before stays so. */
const states: Readonly<Record<string, Replica["state"]>> = {
  running: "running",
  created: "waiting",
  restarting: "waiting",
  paused: "waiting",
};

const healths = ["starting", "healthy", "unhealthy"] as const;

const maxHealthOutput = 300;

function healthOutput(
  log: readonly { readonly Output: string; readonly ExitCode: number }[] | null | undefined,
): Pick<Replica, "healthOutput"> {
  const last = log?.at(-1);
  if (last === undefined) return {};
  const line = last.Output.trim().split("\n").at(-1) ?? "";
  const said = stripControls(line).slice(0, maxHealthOutput);
  // Such as `curl -fs`, which is silent.
  return { healthOutput: said === "" && last.ExitCode !== 0 ? `exit code ${last.ExitCode}` : said };
}

/** The engine writes year 1 for "never", which becomes 0. */
export function timeOf(text: string): number {
  const time = Date.parse(text);
  return Number.isNaN(time) || time < 0 ? 0 : time;
}

/** What the labels of a replica say of it; one of an earlier version is of `web`. */
export const placeOf = (labels: Readonly<Record<string, string>>) => ({
  service: labels[label.service] ?? "",
  release: Number(labels[label.release] ?? 0),
  process: labels[label.process] ?? web,
  replica: Number(labels[label.replica] ?? 0),
});
