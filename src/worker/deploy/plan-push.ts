import { createHash } from "node:crypto";
import { UserError } from "../../core/errors.ts";
import { changesBetween } from "../../core/release/changes.ts";
import { imageName } from "../../core/release/names.ts";
import type { Release } from "../../core/release/release.ts";
import { stopsOldFirst, type ServiceSpec } from "../../core/release/spec.ts";
import { pauseOf } from "../../core/release/switch-way.ts";
import type { InstanceConfig } from "../../core/server/instance.ts";
import { authoriseSpec, type Caller } from "../../core/wire/permissions.ts";
import type { Action } from "../../core/wire/protocol.ts";
import type { PlannedChanges } from "../../core/wire/results.ts";
import { contentId } from "../../core/wire/request.ts";
import type { Engine, ImageFacts } from "../../deploy/ports.ts";
import { readEnv } from "../../adapters/state/env.ts";
import { listReleases, liveRelease } from "../../adapters/state/releases.ts";
import type { State } from "../../adapters/state/state.ts";
import { keptImage } from "./image.ts";
import { admitHere } from "./deploy-job.ts";
import { asksForBuild, type Order } from "./desired-release.ts";
import { scaledByCommand, standingScale } from "./scale-override.ts";
import { isFile, readSpec } from "./push-content.ts";
import { planRelease } from "./release-plan.ts";
import { runsAlready } from "./runs-already.ts";
import { resolveHomes } from "./volumes.ts";
import { command, hint } from "../../core/hints.ts";

export interface PlanParts {
  readonly state: State;
  readonly config: InstanceConfig;
  readonly tools: () => Promise<{
    readonly engine: Pick<Engine, "inspectImage" | "listContainers">;
  }>;
}

export type PlanAction = Extract<Action, { readonly action: "plan" }>;

/** Says what a push would change, and changes nothing; refuses what the push would be refused for before its build. */
export async function planPush(
  parts: PlanParts,
  action: PlanAction,
  caller: Caller,
): Promise<PlannedChanges> {
  const { state, config } = parts;
  const { service, push: manifest } = action;
  const written = readWritten(action);
  const own = standingScale(state, written);
  const order = orderOf(state, action, written);
  authoriseSpec(caller, order.spec);
  const spec = admitHere(parts, order);
  const homes = await resolveHomes(spec, config);
  const live = liveRelease(state, service);
  const { engine } = await parts.tools();
  const releaseOf = (number: number, image: string, facts: Facts): Release =>
    planRelease({
      instance: config.instance,
      number,
      spec,
      image,
      facts,
      env: order.env,
      homes,
    });

  const kept = await keptImage(state, engine, { ...order, service });
  const number = (listReleases(state, service)[0]?.release.number ?? 0) + 1;
  const to = releaseOf(
    number,
    kept?.image ?? imageName(config.instance, spec.slug, number),
    kept?.facts ?? (live && (await engine.inspectImage(live.release.image))) ?? unbuilt,
  );
  const from = live?.release;
  const pause = pauseOf(from, to);
  const lastMs =
    live !== undefined && stopsOldFirst(live.release.spec) && pause.kind !== "none"
      ? live.receipt?.ms
      : undefined;
  const unchanged =
    live !== undefined &&
    live.content === order.content &&
    !asksForBuild({ source: { kind: "push", manifest } }) &&
    (await runsAlready(engine, live.release, (facts) =>
      releaseOf(live.release.number, live.release.image, facts),
    ));
  return {
    service,
    ...(own !== undefined && { scaledByCommand: own }),
    ...(from !== undefined && { live: from.number }),
    unchanged,
    changes: changesBetween(from, to),
    pause,
    ...(lastMs !== undefined && { lastMs }),
    image: kept === undefined ? "to be built" : "kept",
    unknown: kept === undefined && spec.port === undefined ? ["port"] : [],
  };
}

type Facts = Pick<ImageFacts, "exposed" | "hasHealthcheck">;

const unbuilt: Facts = { exposed: [], hasHealthcheck: false };

/** What the Dockerfile says, which has to be the one of the manifest. */
function readWritten({ service, push, text }: PlanAction): ServiceSpec {
  const bytes = Buffer.from(text);
  const entry = push.entries.find(({ path }) => path === push.dockerfile);
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  if (entry === undefined || !isFile(entry) || entry.sha256 !== sha256)
    throw new UserError(`${push.dockerfile}: changed while it was read`, {
      code: "bad-request",
      hint: hint`ask again: ${command("plan")}`,
    });
  // Its warnings have been said where the file is.
  return readSpec({ service, push }, bytes, () => undefined);
}

/** What the push would be an order for. */
function orderOf(state: State, { service, push }: PlanAction, written: ServiceSpec): Order {
  return {
    spec: scaledByCommand(state, written),
    env: readEnv(state, service),
    content: contentId({ action: "push", service, push }),
    source: { kind: "push", manifest: push },
  };
}
