import { X509Certificate } from "node:crypto";
import { access } from "node:fs/promises";
import { readIfThere, writeFileAtomic } from "../../adapters/files.ts";
import type { Infra } from "../../adapters/docker/infra.ts";
import { withoutReplaced } from "../../core/certificates/acme-storage.ts";
import { namesOf } from "../../core/certificates/own.ts";
import { traefikContainerName } from "../../core/release/names.ts";
import { acmeOf, acmeStorage } from "../../core/server/acme.ts";
import { instancePaths, traefikUid, type InstanceConfig } from "../../core/server/instance.ts";

/** Takes certificates out of Traefik's store that others, brought by hand, stand for. Traefik has the store in memory, so its container goes where something has to; returns the names. */
export async function dropReplaced(
  config: InstanceConfig,
  infra: Pick<Infra, "removeContainer">,
): Promise<readonly string[]> {
  const { acmeDir, database } = instancePaths(config);
  const file = `${acmeDir}/${acmeStorage(acmeOf(config).server)}`;
  const stored = (await readIfThere(file))?.toString("utf8");
  if (stored === undefined || stored.trim() === "") return [];
  const own = await ownNames(database);
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

async function ownNames(database: string): Promise<readonly (readonly string[])[]> {
  if (!(await isThere(database))) return [];
  const { openState } = await import("../../adapters/state/state.ts");
  const { readOwnPairs } = await import("../../adapters/state/certificates.ts");
  const state = openState(database);
  try {
    return readOwnPairs(state).map(({ certificate }) => namesOf(new X509Certificate(certificate)));
  } finally {
    state.close();
  }
}

const isThere = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );
