import { rename } from "node:fs/promises";
import { isThere, readIfThere, writeFileAtomic } from "../../adapters/files.ts";
import type { Infra } from "../../adapters/engines/docker/infra.ts";
import { isBrokenStorage, withoutReplaced } from "../../core/certificates/acme/storage.ts";
import { traefikContainerName } from "../../core/release/names.ts";
import { acmeStore } from "../../core/server/acme.ts";
import { instancePaths, type InstanceConfig } from "../../core/server/instance.ts";
import { traefikUid } from "../../core/server/uids.ts";

type Containers = Pick<Infra, "removeContainer">;

/** Renames a certificate store that a full disk truncated, because Traefik requests no certificates with it. Returns the new path. */
export async function setBrokenStoreAside(
  config: InstanceConfig,
  infra: Containers,
): Promise<string | undefined> {
  const judge = async (text: string) => isBrokenStorage(text) || undefined;
  if ((await findInStore(config, infra, judge)) === undefined) return undefined;
  const file = acmeStore(config);
  await rename(file, `${file}.broken`);
  return `${file}.broken`;
}

/** Takes certificates out of Traefik's store that others, brought by hand, stand for; returns the names. */
export async function dropReplaced(
  config: InstanceConfig,
  infra: Containers,
  now: number,
): Promise<readonly string[]> {
  const { database } = instancePaths(config);
  const left = await findInStore(config, infra, async (text) =>
    text.trim() === "" ? undefined : withoutReplaced(text, await ownNames(database, now)),
  );
  if (left === undefined) return [];
  const owner = { uid: traefikUid, gid: traefikUid };
  await writeFileAtomic(acmeStore(config), left.text, { mode: 0o600, owner });
  return left.dropped;
}

/** Traefik has its store in memory: where something is found in the file, its container goes, and as it may have written once more by then, the file is judged again. */
async function findInStore<Found>(
  config: InstanceConfig,
  infra: Containers,
  judge: (text: string) => Promise<Found | undefined>,
): Promise<Found | undefined> {
  const find = async () => judge((await readIfThere(acmeStore(config)))?.toString("utf8") ?? "");
  if ((await find()) === undefined) return undefined;
  await infra.removeContainer(traefikContainerName(config.instance));
  return find();
}

async function ownNames(database: string, now: number): Promise<readonly (readonly string[])[]> {
  if (!(await isThere(database))) return [];
  const { openState } = await import("../../adapters/state/state.ts");
  const { readCertificate, readOwnPairs } = await import("../../adapters/state/certificates.ts");
  const state = openState(database);
  try {
    // One that has ended replaces nothing.
    return readOwnPairs(state)
      .map(readCertificate)
      .filter(({ until }) => until > now)
      .map(({ names }) => names);
  } finally {
    state.close();
  }
}
