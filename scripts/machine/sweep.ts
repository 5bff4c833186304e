import { rm } from "node:fs/promises";
import Docker from "dockerode";
import { dockerSocket } from "./docker.ts";

/** Removes every trace of an instance from Docker and the disk: containers, networks, volumes, images, state. */
export async function sweepInstance(instance: string, folders: readonly string[]): Promise<void> {
  const docker = new Docker({ socketPath: dockerSocket });
  const filters = { label: [`mypaas.instance=${instance}`] };
  for (const { Id } of await docker.listContainers({ all: true, filters }))
    await docker.getContainer(Id).remove({ force: true, v: true }).catch(ignoreGone);
  for (const { Id } of await docker.listNetworks({ filters }))
    await docker.getNetwork(Id).remove().catch(ignoreGone);
  for (const { Name } of (await docker.listVolumes({ filters })).Volumes ?? [])
    await docker.getVolume(Name).remove().catch(ignoreGone);
  const images = await docker.listImages();
  const ours = images.flatMap(({ RepoTags }) => RepoTags ?? []);
  for (const tag of ours.filter((name) => name.startsWith(`${instance}/`)))
    await docker.getImage(tag).remove({ force: true }).catch(ignoreGone);
  for (const folder of folders) await rm(folder, { recursive: true, force: true });
}

function ignoreGone(error: { readonly statusCode?: number }): void {
  if (error.statusCode !== 404 && error.statusCode !== 409) throw error as Error;
}
