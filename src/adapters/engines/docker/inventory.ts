import type Docker from "dockerode";
import type {
  Inventory,
  PublishedPort,
  SeenContainer,
  SeenThing,
} from "../../../core/health/inventory.ts";
import { openDocker, reaching } from "./client.ts";
import { timeOf } from "./facts.ts";
import { inspectListed, keepsVolumes } from "./owned.ts";
import { anonymousOf } from "./volumes.ts";

/** Reads everything on the engine, of whichever instance; things that go away meanwhile are left out. */
export const readInventory = (socketPath: string): Promise<Inventory> =>
  reaching(socketPath, read)(openDocker(socketPath));

async function read(docker: Docker): Promise<Inventory> {
  const [containers, images, volumes, networks] = await Promise.all([
    inspectListed(docker, undefined),
    docker.listImages(),
    docker.listVolumes(),
    docker.listNetworks(),
  ]);
  return {
    containers: containers.map(container),
    images: images.map(({ RepoTags, Labels }) => ({
      tags: (RepoTags ?? []).filter((tag) => tag !== "<none>:<none>"),
      labels: Labels ?? {},
    })),
    volumes: (volumes.Volumes ?? []).map(thing),
    networks: networks.map(thing),
  };
}

const thing = (info: {
  readonly Name: string;
  readonly Labels?: Readonly<Record<string, string>> | null | undefined;
}): SeenThing => ({ name: info.Name, labels: info.Labels ?? {} });

function container(info: Docker.ContainerInspectInfo): SeenContainer {
  const { Name, Config, State, RestartCount, LogPath, HostConfig } = info;
  const log = HostConfig.LogConfig;
  return {
    name: Name.replace(/^\//, ""),
    labels: Config.Labels ?? {},
    state: State.Status,
    restarts: RestartCount,
    startedAt: timeOf(State.StartedAt),
    published: published(info),
    anonymous: keepsVolumes(info) ? anonymousOf(info) : [],
    logPath: LogPath ?? "",
    rotates: log?.Type !== "json-file" || log.Config?.["max-size"] !== undefined,
  };
}

/** Of running containers: what is open now. */
function published({ NetworkSettings }: Docker.ContainerInspectInfo): readonly PublishedPort[] {
  const ports = Object.entries(NetworkSettings.Ports ?? {});
  return ports.flatMap(([key, hosts]) =>
    ((hosts ?? []) as readonly { readonly HostIp: string; readonly HostPort: string }[]).map(
      ({ HostIp, HostPort }) => ({
        ip: HostIp === "" ? "0.0.0.0" : HostIp,
        port: Number(HostPort),
        protocol: key.split("/")[1] ?? "tcp",
      }),
    ),
  );
}
