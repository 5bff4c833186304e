import { createHash } from "node:crypto";
import { UserError } from "../../core/errors.ts";
import { isLauncher } from "../../core/image/buildpacks.ts";
import { readImageConfig } from "../../core/image/image-config.ts";
import { changesBetween } from "../../core/release/changes.ts";
import { imageName } from "../../core/release/names.ts";
import { web } from "../../core/release/processes.ts";
import { stopsOldFirst } from "../../core/release/spec.ts";
import { pauseOf, type Pause } from "../../core/release/switch-way.ts";
import type { InstanceConfig } from "../../core/server/instance.ts";
import { authoriseSpec, type Caller } from "../../core/wire/permissions.ts";
import type { ActionOf } from "../../core/actions/actions.ts";
import type { PlannedChanges } from "../../core/actions/push.ts";
import type { WantedBlob } from "../../core/wire/protocol.ts";
import type { Engine } from "../../deploy/ports.ts";
import { dockerfileOf, fileOf, procfileOf } from "../../sources/push.ts";
import { sentSource } from "../../sources/image.ts";
import { readSpec } from "../../sources/read-spec.ts";
import type { BuildSource, LoadSource } from "../../sources/source.ts";
import { adoptedVolumes } from "../../adapters/state/adopted-volumes.ts";
import { readValues } from "../../adapters/state/env.ts";
import { listReleases, liveRelease, type StoredRelease } from "../../adapters/state/releases.ts";
import { scaleOverrides } from "../../adapters/state/services.ts";
import type { State } from "../../adapters/state/state.ts";
import { plan, planAs } from "./deploy-context.ts";
import { keptImage } from "./image.ts";
import { runsAlready, type Wanted } from "./runs-already.ts";
import { nothingBuilt, type PlanFacts } from "./release-plan.ts";
import { plannedValues, withBuildSecrets } from "./build-secrets.ts";
import { decideScales } from "./desired-release.ts";
import { admitHere } from "./admit.ts";
import { refuseUncovered } from "./kept-data.ts";
import { resolveHomes } from "./volumes.ts";
import { command, hint } from "../../core/hints.ts";

interface PlanParts {
  readonly state: State;
  readonly config: InstanceConfig;
  readonly tools: () => Promise<{ readonly engine: Pick<Engine, "inspectImage" | "replicas"> }>;
}

export type PlanAction = ActionOf<"plan">;

/** Says what a push would change, and changes nothing; refuses what the push would be refused for before its build. */
export async function planPush(
  parts: PlanParts,
  action: PlanAction,
  caller: Caller,
): Promise<PlannedChanges> {
  const { state, config } = parts;
  const { service } = action;
  const source = plannedSource(action);
  // Its warnings have been said where the file is.
  const written = await readSpec(
    source.dockerfile,
    service,
    () => undefined,
    action.push.options.fillIn,
  );
  const scale = decideScales(written, scaleOverrides(state, service));
  const scaledByCommand = scale.overrides.get(web);
  const values = readValues(state, service);
  const desired = {
    spec: scale.spec,
    ...plannedValues(state, scale.spec, values),
    source: await withBuildSecrets(state, source, { spec: scale.spec, values }),
  };
  authoriseSpec(caller, desired.spec);
  const spec = admitHere(parts, desired);
  const homes = await resolveHomes(spec, config);
  const adopted = adoptedVolumes(state, service);
  const context = { config, desired, spec, homes, adopted };
  const { engine } = await parts.tools();
  const live = liveRelease(state, service);
  const releases = listReleases(state, service);
  const kept = await keptImage(engine, releases, desired);
  if (kept !== undefined) refuseUncovered(`deploy ${service}`, spec, kept.facts);
  const number = (releases[0]?.release.number ?? 0) + 1;
  const image = kept?.image ?? imageName(config.instance, spec.slug, number);
  const sent = sentFacts(action);
  const facts =
    kept?.facts ??
    sent ??
    (live && (await engine.inspectImage(live.release.image))) ??
    nothingBuilt;
  const to = plan(context, { number, image }, facts);
  const withImage: Wanted["withImage"] = (of, known) => planAs(context, of, known);
  const from = live?.release;
  const pause = pauseOf(from, to);
  const lastMs = lastPauseMs(live, pause);
  return {
    service,
    ...(scaledByCommand !== undefined && { scaledByCommand }),
    ...(from !== undefined && { live: from.number }),
    unchanged: await runsAlready(engine, { live, desired, withImage }),
    changes: changesBetween(from, to),
    pause,
    ...(lastMs !== undefined && { lastMs }),
    image: kept !== undefined ? "kept" : "parts" in source ? "to be loaded" : "to be built",
    unknown: (kept ?? sent) === undefined && spec.port === undefined ? ["port"] : [],
  };
}

/** What the config of an image says that would be sent; undefined where files would be. */
function sentFacts({ push, config }: PlanAction): PlanFacts | undefined {
  if (push.image === undefined || config === undefined) return undefined;
  const path = push.image.config;
  const facts = readImageConfig(bytesOf(path, fileOf(push, path), config), path);
  return { ...facts, hasLauncher: isLauncher(facts.entrypoint) };
}

/** How long requests waited at the last switch; undefined where none will, or none did. */
const lastPauseMs = (live: StoredRelease | undefined, pause: Pause): number | undefined =>
  live !== undefined && stopsOldFirst(live.release.spec) && pause.kind !== "none"
    ? live.receipt?.ms
    : undefined;

/** The source that the push would be, with the Dockerfile that the request brings; nothing was uploaded. */
function plannedSource({
  service,
  push,
  text,
  procfile = "",
}: PlanAction): BuildSource | LoadSource {
  const source = sentSource({ service, push }, () => {
    throw new Error("a plan reads no blobs");
  });
  const { path, procfile: beside } = source.dockerfile;
  const read = async () => bytesOf(path, dockerfileOf(push), text);
  if (beside === undefined) return { ...source, dockerfile: { path, read } };
  const own = { ...beside, read: async () => bytesOf(beside.path, procfileOf(push), procfile) };
  return { ...source, dockerfile: { path, read, procfile: own } };
}

/** The bytes of a file that the request brings, where they are those of the manifest. */
function bytesOf(path: string, blob: WantedBlob | undefined, text: string) {
  const bytes = Buffer.from(text);
  if (blob?.sha256 === createHash("sha256").update(bytes).digest("hex")) return bytes;
  throw new UserError(`${path}: changed while it was read`, {
    code: "bad-request",
    hint: hint`ask again: ${command("plan")}`,
  });
}
