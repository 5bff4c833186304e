import type { Say } from "../../core/wire/events.ts";
import type { Action } from "../../core/wire/protocol.ts";
import type { RemoveInfo } from "../../core/wire/results.ts";
import { UserError } from "../../core/errors.ts";
import { ownRoutes } from "../../core/routing/takeovers.ts";
import { writeRoute } from "../../core/release/format-spec.ts";
import type { Engine } from "../../deploy/ports.ts";
import { readEnv } from "../../adapters/state/env.ts";
import type { Job } from "../../adapters/state/jobs.ts";
import { currentRelease, listReleases, type StoredRelease } from "../../adapters/state/releases.ts";
import { forgetService } from "../../adapters/state/services.ts";
import { appendStep, readSteps } from "../../adapters/state/steps.ts";
import type { State } from "../../adapters/state/state.ts";
import type { DeployJobParts } from "./deploy-context.ts";
import { refuseUnknownService } from "../accept/known-service.ts";
import { stopRelease } from "./stop-job.ts";
import { command, hint } from "../../core/hints.ts";

type RemoveAction = Extract<Action, { readonly action: "remove" }>;

/** Removes a service: routes, containers, images, the volumes that were named, and what the state knows of it, in this order. Safe to repeat. */
export async function runRemoveJob(
  parts: DeployJobParts,
  job: Job,
  {
    say,
    signal,
    action,
  }: { readonly say: Say; readonly signal: AbortSignal; readonly action: RemoveAction },
): Promise<void> {
  const { state } = parts;
  const { service } = job;
  const tools = await parts.tools();
  const volumes = await tools.engine.listVolumes(service);
  // A worker before this one may have removed some of them already.
  if (readSteps(state, job.id).length === 0) refuseForeign(action, volumes);
  const data = { service };
  appendStep(state, job.id, { step: "remove", phase: "intent", data, at: parts.clock.now() });
  const last = currentRelease(state, service);
  if (last !== undefined) await stopRelease(parts, last, { job, say, signal });
  for (const { id } of await tools.engine.listContainers(service))
    await tools.engine.removeContainer(id);
  await tools.engine.removeOneOffs(service);
  say({ kind: "step", text: `removing the images of ${service}` });
  for (const image of imagesOf(listReleases(state, service))) await tools.engine.removeImage(image);
  for (const name of action.volumes) {
    say({ kind: "step", text: `removing the volume ${name}` });
    await tools.engine.removeVolume(name);
  }
  forgetService(state, service, job.id);
  await tools.router.apply({ kind: "removed", service });
  const kept = [...volumes, ...foldersOf(last)].filter((name) => !action.volumes.includes(name));
  say({ kind: "removed", service, kept });
}

function refuseForeign({ service, volumes: named }: RemoveAction, own: readonly string[]): void {
  const foreign = named.find((name) => !own.includes(name));
  if (foreign === undefined) return;
  throw new UserError(`remove ${service}: no volume "${foreign}" belongs to it`, {
    code: "no-volume",
    hint: hint`see what does: ${command(`remove ${service}`)}`,
  });
}

/** What a removal would take away and what it would leave. */
export async function removeInfo(
  { state, engine }: { readonly state: State; readonly engine: Engine },
  service: string,
): Promise<RemoveInfo> {
  refuseUnknownService(state, service, command("releases"));
  const releases = listReleases(state, service);
  const last = currentRelease(state, service);
  return {
    service,
    routes: last === undefined ? [] : ownRoutes(last.release).map(writeRoute),
    containers: (await engine.listContainers(service)).length,
    images: imagesOf(releases).length,
    releases: releases.length,
    env: Object.keys(readEnv(state, service)),
    volumes: await engine.listVolumes(service),
    folders: foldersOf(last),
  };
}

const imagesOf = (releases: readonly StoredRelease[]): readonly string[] => [
  ...new Set(releases.filter(({ imageId }) => imageId !== "").map(({ release }) => release.image)),
];

function foldersOf(last: StoredRelease | undefined): readonly string[] {
  return (last?.release.mounts ?? [])
    .filter(({ type }) => type === "bind")
    .map(({ source }) => source);
}
