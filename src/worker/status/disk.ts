import type { DiskUsage } from "../../core/actions/usage.ts";
import { diskOwners, type EngineDisk, type StateDisk } from "../../core/server/disk.ts";
import { instancePaths, type InstanceConfig } from "../../core/server/instance.ts";
import { maySee, maySeeServer, type Caller } from "../../core/wire/permissions.ts";
import { diskOf, filesIn, isSameDisk } from "../../adapters/disk-space.ts";
import { adopters } from "../../adapters/state/adopted-volumes.ts";
import { blobOwners } from "../../adapters/state/blobs.ts";
import { allReleases } from "../../adapters/state/releases.ts";
import type { State } from "../../adapters/state/state.ts";

interface DiskParts {
  readonly state: State;
  readonly config: InstanceConfig;
  readonly now: () => number;
  readonly engine: () => Promise<EngineDisk>;
}

/** The engine reads every file of every volume for an answer, so one serves all who ask within this time. */
const keptMs = 60_000;

/** Measures who fills the disk, and keeps the answer for a minute. */
export function createDisk(parts: DiskParts): (caller: Caller) => Promise<DiskUsage> {
  let last: { readonly at: number; readonly usage: Promise<DiskUsage> } | undefined;
  return async (caller) => {
    const now = parts.now();
    const age = last === undefined ? Infinity : now - last.at;
    // A clock that was set back makes no answer older.
    if (last === undefined || age < 0 || age >= keptMs) {
      const usage = measure(parts);
      last = { at: now, usage };
      usage.catch(() => (last = undefined));
    }
    const { owners, ...disks } = await last.usage;
    return { ...disks, owners: owners.filter((one) => isShown(caller, one)) };
  };
}

const isShown = (caller: Caller, { owner, whose }: DiskUsage["owners"][number]): boolean =>
  whose === "service" ? maySee(caller, owner) : maySeeServer(caller);

async function measure(parts: DiskParts): Promise<DiskUsage> {
  const { state, config } = parts;
  const engine = await parts.engine();
  const { rootDir } = engine;
  const files = await stateDisk(config);
  const known = {
    instance: config.instance,
    images: new Map(allReleases(state).map(({ release }) => [release.image, release.spec.service])),
    ownImages: new Set([config.traefikImage, config.receiverImage]),
    adopted: adopters(state),
  };
  const owners = diskOwners(engine, files, known, blobOwners(state));
  const disk = await diskOf(rootDir);
  const isSame = await isSameDisk(rootDir, config.stateDir);
  const own = isSame ? {} : { state: await diskOf(config.stateDir) };
  return { at: parts.now(), owners, ...disk, ...own };
}

async function stateDisk(config: InstanceConfig): Promise<StateDisk> {
  const { blobs } = instancePaths(config);
  const inBlobs = `${blobs.slice(config.stateDir.length + 1)}/`;
  const isBlob = /^[0-9a-f]{2}\/([0-9a-f]{64})$/;
  let rest = 0;
  const found: { sha256: string; bytes: number }[] = [];
  for (const { path, bytes } of await filesIn(config.stateDir)) {
    const sha256 = path.startsWith(inBlobs)
      ? isBlob.exec(path.slice(inBlobs.length))?.[1]
      : undefined;
    if (sha256 === undefined) rest += bytes;
    else found.push({ sha256, bytes });
  }
  return { state: rest, blobs: found };
}
