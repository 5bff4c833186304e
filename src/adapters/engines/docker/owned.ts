import type Docker from "dockerode";
import { label } from "../../../core/release/names.ts";
import { UserError } from "../../../core/errors.ts";
import { fieldOf, statusOf, tolerating, type InstanceEngine } from "./client.ts";

/** Containers of one instance; nothing else can be reached through it. */
export interface OwnedContainers {
  /** Undefined when it is gone; throws for a container that is not ours. */
  readonly find: (id: string) => Promise<Docker.ContainerInspectInfo | undefined>;
  /** The handle of a container of ours; undefined when it is gone. */
  readonly take: (id: string) => Promise<Docker.Container | undefined>;
  /** Like `take`, for calls that make no sense on a container that is gone. */
  readonly need: (id: string) => Promise<Docker.Container>;
  /** Those of a role, running or not, of one service or of all; those that go meanwhile are left out. */
  readonly list: (role: Role, service?: string) => Promise<readonly Docker.ContainerInspectInfo[]>;
  /** The error for a name that another container has. */
  readonly nameTaken: (name: string, cause: unknown) => Promise<UserError>;
}

/** Keeps every call to containers that carry the label of `instance`; ids are remembered, because neither an id nor a label ever changes. */
export function ownedContainers(docker: Docker, instance: string): OwnedContainers {
  const known = new Set<string>();
  const find = async (id: string): Promise<Docker.ContainerInspectInfo | undefined> => {
    const info = await inspectAny(docker, id);
    if (info === undefined) {
      known.delete(id);
      return undefined;
    }
    if (!isOwned(info, instance)) {
      throw new Error(`container ${id}: not of instance "${instance}", so mypaas leaves it alone`);
    }
    known.add(info.Id);
    return info;
  };
  const take = async (id: string): Promise<Docker.Container | undefined> => {
    if (known.has(id)) return docker.getContainer(id);
    const info = await find(id);
    return info === undefined ? undefined : docker.getContainer(info.Id);
  };
  const need = async (id: string): Promise<Docker.Container> => {
    const container = await take(id);
    if (container === undefined) throw new Error(`container ${id}: gone`);
    return container;
  };
  const nameTaken = async (name: string, cause: unknown): Promise<UserError> => {
    const info = await inspectAny(docker, name);
    const labels = info?.Config.Labels ?? {};
    const isOurs = info !== undefined && isOwned(info, instance);
    const owner = isOurs
      ? `"${labels[label.service] ?? labels[label.role] ?? "mypaas"}"`
      : "a container that mypaas did not start";
    return new UserError(`container name "${name}": taken by ${owner}`, {
      code: "name-taken",
      hint: isOurs
        ? "choose another mypaas.servicename"
        : `rename it: docker rename ${name} ${name}-other`,
      cause,
    });
  };
  const list: OwnedContainers["list"] = (role, service) =>
    inspectListed(docker, listFilter(instance, role, service), find);
  return { find, take, need, list, nameTaken };
}

type Role = "service" | "run";

/** The filter of a list of one instance's containers. Images carry the other two labels, and so does every container that a person starts from one by hand. */
export const listFilter = (instance: string, role: Role | "relay" | "jail", service?: string) => ({
  label: [
    `${label.instance}=${instance}`,
    `${label.role}=${role}`,
    ...(service === undefined ? [] : [`${label.service}=${service}`]),
  ],
});

/** Inspects the containers of a list; those that go meanwhile are left out. */
export async function inspectListed(
  docker: Docker,
  filters: ReturnType<typeof listFilter> | undefined,
  find = (id: string) => inspectAny(docker, id),
): Promise<readonly Docker.ContainerInspectInfo[]> {
  const listed = await docker.listContainers({ all: true, ...(filters && { filters }) });
  const infos = await Promise.all(listed.map(({ Id }) => find(Id)));
  return infos.filter((info) => info !== undefined);
}

/** Undefined when there is no such container. */
export const inspectAny = async (
  docker: Docker,
  idOrName: string,
): Promise<Docker.ContainerInspectInfo | undefined> =>
  tolerating([404], docker.getContainer(idOrName).inspect());

/** True for a container that this instance made. */
export const isOwned = (info: Docker.ContainerInspectInfo, instance: string): boolean =>
  fieldOf(info.Config.Labels, label.instance) === instance;

/** Stops and removes the one-off containers of a service. */
export async function removeOneOffs(
  { docker, instance }: InstanceEngine,
  service: string,
): Promise<void> {
  const filters = listFilter(instance, "run", service);
  const listed = await docker.listContainers({ all: true, filters });
  const remove = async ({ Id, Labels }: Docker.ContainerInfo): Promise<void> => {
    const container = docker.getContainer(Id);
    // A shell on a terminal ends with its terminal, and not by a stop signal.
    if (Labels[label.run] === "attached")
      await tolerating([404, 409], container.kill({ signal: "SIGHUP" }));
    await stopAndRemove(container);
  };
  await Promise.all(listed.map(remove));
}

/** Lets a container end by its own stop signal, within its own time, and removes it. */
export async function stopAndRemove(
  container: Docker.Container,
  volumes?: { readonly v: boolean },
): Promise<void> {
  await tolerating([304, 404], container.stop());
  await removeForGood(container, volumes);
}

/** True for a replica of a version that let the engine make volumes for it: their data may be all that its service has. */
export function keepsVolumes({ Config }: Pick<Docker.ContainerInspectInfo, "Config">): boolean {
  const labels = Config.Labels ?? {};
  const isReplica = labels[label.role] === "service" && Number(labels[label.replica]) >= 1;
  return isReplica && labels[label.anonymous] !== "discard";
}

/** Kills and removes, with its anonymous volumes unless they are kept, and waits where another removal is under way. */
export async function removeForGood(
  container: Docker.Container,
  { v = true }: { readonly v?: boolean } = {},
): Promise<void> {
  try {
    await container.remove({ force: true, v });
  } catch (error) {
    const status = statusOf(error);
    if (status === 404) return;
    if (status !== 409) throw error;
    await tolerating([404], container.wait({ condition: "removed" }));
  }
}
