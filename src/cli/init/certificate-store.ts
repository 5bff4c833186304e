import { rename } from "node:fs/promises";
import { isThere, readIfThere, writeFileAtomic } from "../../adapters/files.ts";
import type { Infra } from "../../adapters/engines/docker/infra.ts";
import { isBrokenStorage, withoutReplaced } from "../../core/certificates/acme/storage.ts";
import { traefikContainerName } from "../../core/release/names.ts";
import { acmeStore } from "../../core/server/acme.ts";
import { instancePaths, traefikUid, type InstanceConfig } from "../../core/server/instance.ts";

/** Renames a certificate store that a full disk truncated, because Traefik requests no certificates with it. Removes Traefik's container, which has the store in memory. Returns the new path. */
export async function setBrokenStoreAside(
  config: InstanceConfig,
  infra: Pick<Infra, "removeContainer">,
): Promise<string | undefined> {
  const file = acmeStore(config);
  const text = (await readIfThere(file))?.toString("utf8");
  if (text === undefined || !isBrokenStorage(text)) return undefined;
  await infra.removeContainer(traefikContainerName(config.instance));
  // A Traefik that still had everything may have written it whole by now.
  const last = (await readIfThere(file))?.toString("utf8") ?? "";
  if (!isBrokenStorage(last)) return undefined;
  await rename(file, `${file}.broken`);
  return `${file}.broken`;
}

/** Takes certificates out of Traefik's store that others, brought by hand, stand for. Traefik has the store in memory, so its container goes where something has to; returns the names. */
export async function dropReplaced(
  config: InstanceConfig,
  infra: Pick<Infra, "removeContainer">,
  now: number,
): Promise<readonly string[]> {
  const { database } = instancePaths(config);
  const file = acmeStore(config);
  const stored = (await readIfThere(file))?.toString("utf8");
  if (stored === undefined || stored.trim() === "") return [];
  const own = await ownNames(database, now);
  if (withoutReplaced(stored, own) === undefined) return [];
  await infra.removeContainer(traefikContainerName(config.instance));
  // It may have written once more before it went.
  const last = (await readIfThere(file))?.toString("utf8") ?? stored;
  const left = withoutReplaced(last, own);
  if (left === undefined) return [];
  const owner = { uid: traefikUid, gid: traefikUid };
  await writeFileAtomic(file, left.text, { mode: 0o600, owner });
  return left.dropped;
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
