import { rm } from "node:fs/promises";
import { join } from "node:path";
import { hint, command } from "../../../core/hints.ts";
import { UserError } from "../../../core/errors.ts";
import { instancePaths } from "../../../core/server/instance.ts";
import type { RemoveInfo } from "../../../core/actions/lifecycle.ts";
import { ownRoutes } from "../../../core/routing/takeovers.ts";
import { writeRoute } from "../../../core/release/spec.ts";
import type { Engine } from "../../../deploy/ports.ts";
import { forgetAdopted } from "../../../adapters/state/adopted-volumes.ts";
import { readValues } from "../../../adapters/state/env.ts";
import {
  currentRelease,
  listReleases,
  type StoredRelease,
} from "../../../adapters/state/releases.ts";
import { forgetService } from "../../../adapters/state/services.ts";
import { usersOf } from "../../../adapters/state/users.ts";
import { appendStep, readSteps } from "../../../adapters/state/steps.ts";
import type { State } from "../../../adapters/state/state.ts";
import { unnamedVolumes } from "../../deploy/kept-data.ts";
import { refuseUnknownService } from "../../accept/known-service.ts";
import type { ActionOf } from "../../../core/actions/actions.ts";
import type { JobKind, JobRun } from "../job-kind.ts";
import { removeSecretFiles } from "../../deploy/secrets.ts";
import { stopRelease } from "./stop.ts";

type RemoveAction = ActionOf<"remove">;

/** Removes a service: routes, releases, images, the volumes that were named, and what the state knows of it, in this order. */
export const remove: JobKind<RemoveAction> = {
  recovery: "repeat",
  perform: async (run, action) => {
    const { state, job, clock } = run;
    const { service } = action;
    const { engine, router } = await run.tools();
    const volumes = await volumesOf(state, engine, service);
    // An earlier worker may have removed some of them.
    if (readSteps(state, job.id).length === 0) refuseForeign(action, volumes);
    const data = { service };
    appendStep(state, job.id, { step: "remove", phase: "intent", data, at: clock.now() });
    const last = currentRelease(state, service);
    if (last !== undefined) await stopRelease(run, last);
    await removeFromEngine(run, engine, action);
    await removeSecretFiles(state, run.config, service);
    const { gitRepositories } = instancePaths(run.config);
    await rm(join(gitRepositories, `${service}.git`), { recursive: true, force: true });
    forgetService(state, service, job.id);
    await router.apply({ kind: "removed", service });
    const kept = [...volumes, ...foldersOf(last)].filter((name) => !action.volumes.includes(name));
    return { kind: "removed", service, kept };
  },
};

async function removeFromEngine(
  { state, say }: Pick<JobRun, "state" | "say">,
  engine: Engine,
  { service, volumes }: RemoveAction,
): Promise<void> {
  for (const number of await engine.releases(service)) await engine.remove({ service, number });
  await engine.removeOneOffs(service);
  say({ kind: "step", text: `removing the images of ${service}` });
  const images = [
    ...imagesOf(listReleases(state, service)),
    ...(await engine.builtImages(service)),
  ];
  for (const image of new Set(images)) await engine.removeImage(image);
  for (const name of volumes) {
    say({ kind: "step", text: `removing the volume ${name}` });
    await engine.removeVolume(name);
    forgetAdopted(state, service, name);
  }
}

/** Every Docker volume of a service, also those without its label. */
async function volumesOf(
  state: State,
  engine: Pick<Engine, "listVolumes" | "anonymousVolumes">,
  service: string,
): Promise<readonly string[]> {
  const named = await engine.listVolumes(service);
  const unnamed = await unnamedVolumes(state, engine, service);
  return [...new Set([...named, ...unnamed])];
}

function refuseForeign({ service, volumes: named }: RemoveAction, own: readonly string[]): void {
  const foreign = named.find((name) => !own.includes(name));
  if (foreign === undefined) return;
  throw new UserError(`remove ${service}: the service has no volume "${foreign}"`, {
    code: "no-volume",
    hint: hint`list its volumes: ${command(`remove ${service}`)}`,
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
  const users = usersOf(state, service).map(({ name }) => name);
  return {
    service,
    routes: last === undefined ? [] : ownRoutes(last.release).map(writeRoute),
    containers: (await engine.replicas(service)).length,
    images: imagesOf(releases).length,
    releases: releases.length,
    env: Object.keys(readValues(state, service)),
    ...(users.length > 0 && { users }),
    volumes: await volumesOf(state, engine, service),
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
