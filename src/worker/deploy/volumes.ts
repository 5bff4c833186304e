import { posix } from "node:path";
import { UserError } from "../../core/errors.ts";
import type { Owner } from "../../core/release/image-user.ts";
import type { Release } from "../../core/release/release.ts";
import type { ServiceSpec, VolumeSpec } from "../../core/release/spec.ts";
import type { InstanceConfig } from "../../core/server/instance.ts";
import type { ImageFacts } from "../../deploy/ports.ts";
import { realPath } from "../../adapters/files.ts";
import {
  makeHomeVolume,
  resolveHomeVolume,
  type HomeVolume,
} from "../../adapters/host/home-volumes.ts";
import type { DeployContext } from "./deploy-context.ts";

interface VolumeView {
  readonly config: Pick<InstanceConfig, "owner" | "volumes">;
  /** Live releases of all services. */
  readonly live: readonly Release[];
}

/** Throws UserError "bad-volume" for the first host path that this server does not give to this service. */
export function refuseVolumes(spec: ServiceSpec, view: VolumeView): void {
  refuseHostPaths(spec, view);
  refuseNested(spec, view);
}

/** Throws UserError "bad-volume" when a host path is not in an allowed folder, judged by its name; `source` is the path in the Dockerfile. */
export function refuseHostPath(source: string, path: string, allow: readonly string[]): void {
  const isClean = !path.split("/").includes("..");
  if (isClean && allow.some((folder) => isInside(withSlash(path), withSlash(folder)))) return;
  const where = path === source ? "" : `, it leads to ${path}`;
  throw new UserError(`volume ${source}: this server does not allow the path${where}`, {
    code: "bad-volume",
    hint: "use name:/path or ~/dir:/path, or list the path on the server in config.yml: volumes.allow",
  });
}

function refuseHostPaths(spec: ServiceSpec, { config }: VolumeView): void {
  for (const { kind, source } of spec.volumes)
    if (kind === "absolute") refuseHostPath(source, source, config.volumes.allow);
}

interface Folder {
  readonly volume: VolumeSpec;
  readonly service: string;
  /** Absolute, with a slash at its end. */
  readonly path: string;
}

/**
 * Docker follows links when it mounts, at every start of a container. Whoever may write to a folder could put a link to anywhere
 * in the place of a folder below it, so no folder is a volume that lies in another one.
 */
function refuseNested(spec: ServiceSpec, { config, live }: VolumeView): void {
  const own = foldersOf(spec, config);
  const all = [...own, ...live.flatMap((release) => foldersOf(release.spec, config))];
  for (const one of own) {
    for (const other of all) {
      if (one.path === other.path) continue;
      const { volume, service } = other;
      if (!volume.readOnly && isInside(one.path, other.path))
        throw nested(one, `lies inside ${written(volume)}, which service "${service}" can change`);
      if (!one.volume.readOnly && isInside(other.path, one.path))
        throw nested(one, `holds ${written(volume)}, a volume of service "${service}"`);
    }
  }
}

function foldersOf(spec: ServiceSpec, { owner }: VolumeView["config"]): readonly Folder[] {
  return spec.volumes
    .filter(({ kind }) => kind === "home" || kind === "absolute")
    .map((volume) => {
      const path = volume.kind === "home" ? `${owner.home}/${volume.source}` : volume.source;
      return { volume, service: spec.service, path: withSlash(path) };
    });
}

function nested({ volume }: Folder, why: string): UserError {
  return new UserError(`volume ${written(volume)}: ${why}`, {
    code: "bad-volume",
    hint: "choose folders beside each other, such as ~/web-data and ~/web-uploads",
  });
}

const written = ({ kind, source }: VolumeSpec): string =>
  kind === "home" ? `~/${source}` : source;

const withSlash = (path: string): string => posix.normalize(`${path}/`);

/** Both with a slash at their end. */
const isInside = (path: string, folder: string): boolean => path.startsWith(folder);

/** Finds the folders of `~/…` volumes, and refuses host paths whose links lead out of the allowed folders. */
export async function resolveHomes(
  spec: ServiceSpec,
  config: InstanceConfig,
): Promise<ReadonlyMap<string, string>> {
  const homes = new Map<string, string>();
  const allow = await Promise.all(config.volumes.allow.map((folder) => realPath(folder)));
  for (const { kind, source } of spec.volumes) {
    if (kind === "home") homes.set(source, await resolveHomeVolume(homeVolume(source, config)));
    if (kind === "absolute") refuseHostPath(source, await realPath(source), allow);
  }
  return homes;
}

/** Makes the volumes of a release that are not there yet; they belong to the user of its image. */
export async function provideVolumes(
  { spec, config, tools, job }: DeployContext,
  { mounts, image }: Release,
  { user }: ImageFacts,
): Promise<void> {
  const { engine } = tools;
  let known: Promise<Owner | undefined> | undefined;
  const owner = () => (known ??= engine.imageUser(image, user));
  for (const { kind, source } of spec.volumes)
    if (kind === "home") await makeHomeVolume(homeVolume(source, config), owner);
  for (const { type, source, target, carried } of mounts) {
    if (type !== "volume" || carried === true) continue;
    // A volume that is there is never given to anybody else.
    const of = (await engine.hasVolume(source)) ? undefined : await owner();
    const made = of === undefined || of.uid === 0 ? undefined : { image, target, owner: of };
    await engine.ensureVolume(source, job.service, made);
  }
}

function homeVolume(source: string, config: InstanceConfig): HomeVolume {
  const { owner, stateDir, runDir } = config;
  return { home: owner.home, source, forbidden: [stateDir, runDir] };
}
