import { hint, hintFields, type Hint } from "../../core/hints.ts";
import { UserError } from "../../core/errors.ts";
import type { Event } from "../../core/wire/events.ts";
import {
  uncoveredPaths,
  coversOf,
  volumeLines,
  waysOut,
} from "../../core/release/declared-volumes.ts";
import {
  decideData,
  heldBy,
  mountsToRemember,
  type DataAnswer,
  type Held,
} from "../../core/release/kept-data.ts";
import type { Release } from "../../core/release/release.ts";
import type { ServiceSpec } from "../../core/release/spec.ts";
import type { Say } from "../../core/wire/events.ts";
import type { Engine, ImageFacts } from "../../deploy/ports.ts";
import { adoptedVolumes } from "../../adapters/state/adopted-volumes.ts";
import { keepAdoption } from "../../adapters/state/job-changes.ts";
import { currentRelease, putRelease, type StoredRelease } from "../../adapters/state/releases.ts";
import type { State } from "../../adapters/state/state.ts";
import type { DeployContext } from "./deploy-context.ts";

type VolumeEngine = Pick<Engine, "anonymousVolumes" | "hasVolume">;

/** The volumes of a service that have another name in the engine, without those that somebody removed there. */
export async function adoptedNames(
  state: State,
  engine: Pick<Engine, "hasVolume">,
  service: string,
): Promise<ReadonlyMap<string, string>> {
  const there = new Map<string, string>();
  for (const [name, volume] of adoptedVolumes(state, service))
    if (await engine.hasVolume(volume)) there.set(name, volume);
  return there;
}

/** The release with the mounts that keep the data of its service; throws UserError "unnamed-volume" where data would be lost. */
export async function keepData(
  context: DeployContext,
  release: Release,
  facts: Pick<ImageFacts, "volumes">,
): Promise<Release> {
  const { state, job, tools, desired, live, say } = context;
  const current = currentRelease(state, job.service);
  const held = current === undefined ? [] : await heldNow(tools.engine, current);
  const answer = decideData({
    release,
    declared: facts.volumes,
    held,
    existing: await existing(tools.engine, release),
    isRepeat: "image" in desired.source,
    hasPredecessor: live !== undefined,
  });
  if (answer.uncovered.length > 0) throw refused(context, answer.uncovered, held);
  for (const { name, mount } of answer.adopted) keepAdoption(state, job.id, name, mount.source);
  sayKept(answer, release.spec, say);
  return { ...release, mounts: answer.mounts };
}

/** What the current release of a service has on disk. */
const heldNow = async (
  engine: Pick<Engine, "anonymousVolumes">,
  { release }: StoredRelease,
): Promise<readonly Held[]> => {
  const found = await engine.anonymousVolumes(release.spec.service);
  return heldBy(
    release,
    found.filter((one) => one.release === release.number),
  );
};

async function existing(engine: VolumeEngine, { mounts }: Release): Promise<ReadonlySet<string>> {
  const names = new Set<string>();
  for (const { type, source } of mounts)
    if (type === "volume" && (await engine.hasVolume(source))) names.add(source);
  return names;
}

function sayKept({ adopted, carried, left }: DataAnswer, spec: ServiceSpec, say: Say): void {
  for (const { name, mount } of adopted)
    say({
      kind: "note",
      text: `volume ${name} is the data that ${mount.target} had until now (${short(mount.source)})`,
    });
  for (const lines of volumeLines(
    carried.map(({ target }) => target),
    spec.volumes,
  )) {
    const text = `${lines.path}: its data goes on without a name; the next push needs a line for it`;
    say({ kind: "warning", text, ...hintFields(waysOut(lines)) });
  }
  for (const { target, volume } of left) say(stays(`${target}: what was there until now`, volume));
}

const stays = (what: string, volume: string): Event => ({
  kind: "warning",
  text: `${what} stays in the volume ${volume}`,
  hint: `when it is not needed any more, run on the server: docker volume rm ${volume}`,
});

const short = (volume: string): string => volume.slice(0, 12);

function refused(
  { title, desired, spec }: Pick<DeployContext, "title" | "desired" | "spec">,
  paths: readonly string[],
  held: readonly Held[],
): UserError {
  const details = held
    .filter(({ mount, isUnnamed }) => isUnnamed && paths.includes(mount.target))
    .map(({ mount: { source, target }, others }) =>
      others.length === 0
        ? `${target} has data now, in the volume ${source}; a new named volume takes it over`
        : `${target} has data now, in a volume of each replica: ${[source, ...others].join(", ")}; a new named volume takes over the first`,
    );
  return unnamed(title, { paths, spec, details, isRepeat: "image" in desired.source });
}

interface Unnamed {
  readonly paths: readonly string[];
  readonly spec: ServiceSpec;
  readonly details?: readonly string[];
  readonly isRepeat: boolean;
}

/** The error for paths that an image declares and no key covers. */
function unnamed(title: string, { paths, spec, details = [], isRepeat }: Unnamed): UserError {
  const lines = volumeLines(paths, spec.volumes);
  const [first] = lines;
  const message = `${title}: the image declares VOLUME ${paths.join(" and ")}, and no mypaas.volume covers ${paths.length === 1 ? "it" : "them"}, so data would be lost`;
  const way: Hint | undefined =
    lines.length === 1 && first !== undefined
      ? hint`${isRepeat ? "push it with a line in its Dockerfile; " : ""}${waysOut(first)}`
      : `write a line for each path${isRepeat ? " into its Dockerfile, and push it" : ""}`;
  const each = lines.length === 1 ? [] : lines.map((one) => `${one.path}: ${waysOut(one)}`);
  return new UserError(message, {
    code: "unnamed-volume",
    hint: way,
    details: [...each, ...details],
  });
}

/** Throws the same error where an image that is there already declares paths that no key covers. */
export function refuseUncovered(
  title: string,
  spec: ServiceSpec,
  { volumes }: Pick<ImageFacts, "volumes">,
): void {
  const paths = uncoveredPaths(volumes, coversOf(spec.volumes));
  if (paths.length > 0) throw unnamed(title, { paths, spec, isRepeat: false });
}

/** The same release with what the engine has made for it, recorded before its replicas are removed. */
export async function rememberData(
  state: State,
  engine: Pick<Engine, "anonymousVolumes">,
  stored: StoredRelease,
  say: Say,
): Promise<StoredRelease> {
  const held = await heldNow(engine, stored);
  const { release } = stored;
  const unnamedMounts = mountsToRemember(held);
  if (unnamedMounts.length === 0) return stored;
  const named = release.mounts.filter(({ target }) =>
    unnamedMounts.every((mount) => mount.target !== target),
  );
  const remembered = { ...stored, release: { ...release, mounts: [...named, ...unnamedMounts] } };
  putRelease(state, remembered);
  for (const { mount, others } of held)
    for (const volume of others) say(stays(`${mount.target}: what one replica had there`, volume));
  return remembered;
}

/** Unnamed volumes that a service has now; its removal may take them along. */
export async function unnamedVolumes(
  state: State,
  engine: Pick<Engine, "anonymousVolumes">,
  service: string,
): Promise<readonly string[]> {
  const current = currentRelease(state, service);
  const held = current === undefined ? [] : await heldNow(engine, current);
  const found = held
    .filter(({ isUnnamed }) => isUnnamed)
    .flatMap(({ mount, others }) => [mount.source, ...others]);
  return [...new Set([...found, ...adoptedVolumes(state, service).values()])];
}
