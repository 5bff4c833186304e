import type { Event, Say } from "../../core/wire/events.ts";
import { UserError } from "../../core/errors.ts";
import { imageName } from "../../core/release/names.ts";
import { authorise, authoriseSpec, type Caller } from "../../core/wire/permissions.ts";
import type { Release } from "../../core/release/release.ts";
import { replicaCount, type ServiceSpec } from "../../core/release/spec.ts";
import { readEnv } from "../../adapters/state/env.ts";
import type { Job } from "../../adapters/state/jobs.ts";
import {
  claimingReleases,
  listReleases,
  liveRelease,
  putRelease,
  setLive,
  setReleaseState,
} from "../../adapters/state/releases.ts";
import { ensureService, slugOwner, takeReleaseNumber } from "../../adapters/state/services.ts";
import { appendStep } from "../../adapters/state/steps.ts";
import type { State } from "../../adapters/state/state.ts";
import { admit, refuseOtherService } from "./checks.ts";
import { provideImage, removeOldImages } from "./image.ts";
import { plan, record, type DeployJobParts, type Run } from "./run.ts";
import { provideVolumes, resolveHomes } from "./volumes.ts";
import { enrolledKeys } from "../enrolled.ts";
import { readPush } from "./push-content.ts";
import { runsTheSame } from "./release-plan.ts";

/** From an accepted push to a live release: read, check, build, switch, tidy up. Says `live` or `unchanged`, or throws and then nothing changed. */
export async function runDeployJob(
  parts: DeployJobParts,
  job: Job,
  say: Say,
  signal: AbortSignal,
): Promise<void> {
  const { state, config } = parts;
  const caller = callerOf(state, job);
  const push = await readPush(parts, job, say);
  refuseOtherService(push.spec, job.service, push.manifest.dockerfile);
  // Again, because a key may have expired or been limited while its push waited.
  const asked = { action: "push", service: job.service, push: push.manifest } as const;
  authorise(caller, asked, parts.clock.now());
  authoriseSpec(caller, push.spec);
  const env = readEnv(state, job.service);
  const spec = admitHere(parts, push.spec, env);
  const homes = await resolveHomes(spec, config);
  const live = liveRelease(state, job.service);
  const tools = await parts.tools();
  const run: Run = { ...parts, tools, job, say, signal, push, spec, env, homes, live };
  if (await isUnchanged(run)) {
    say({ kind: "unchanged", service: job.service, release: live?.release.number ?? 0 });
    return;
  }
  try {
    await makeRelease(run);
  } finally {
    await removeOldImages(run);
  }
}

function callerOf(state: State, job: Job): Caller {
  if (job.key === "root") return "root";
  const key = enrolledKeys(state).find(({ fingerprint }) => fingerprint === job.key);
  if (key !== undefined) return key;
  throw new UserError(`key ${job.key}: was removed before its push began`, {
    code: "unknown-key",
    hint: "push with a key that is enrolled: mypaas key list",
  });
}

function admitHere(
  { state, config }: Pick<DeployJobParts, "state" | "config">,
  spec: ServiceSpec,
  env: Readonly<Record<string, string>>,
): ServiceSpec {
  return admit(spec, {
    config,
    live: claimingReleases(state).map(({ release }) => release),
    slugOwner: slugOwner(state, spec.slug),
    env,
  });
}

async function isUnchanged(run: Run): Promise<boolean> {
  const { live, push, spec, job, tools } = run;
  const { pull, noCache } = push.manifest.options;
  if (live === undefined || live.content !== push.content || pull || noCache) return false;
  const facts = await tools.engine.inspectImage(live.release.image);
  if (facts === undefined) return false;
  const { number, image } = live.release;
  if (!runsTheSame(live.release, plan(run, { number, image, facts }))) return false;
  const containers = await tools.engine.listContainers(job.service);
  const running = containers.filter(
    ({ release, state }) => release === number && state === "running",
  );
  return running.length === replicaCount(spec.scale);
}

async function makeRelease(run: Run): Promise<void> {
  const { state, job } = run;
  const number = claimNumber(run);
  try {
    const { image, facts } = await provideImage(run, number);
    const release = plan(run, { number, image, facts });
    putRelease(state, record(run, release, facts.id, "starting"));
    await provideVolumes(run, facts);
    await switchTo(run, release);
  } catch (error) {
    const known = listReleases(state, job.service).find(({ release }) => release.number === number);
    if (known !== undefined && known.state !== "live") {
      setReleaseState(state, { service: job.service, number }, "failed");
    }
    throw error;
  }
}

/** Takes a number and, with it, the routes: a deploy of another service may have asked for them since they were checked. */
function claimNumber(run: Run): number {
  const { state, job, spec, env } = run;
  return state.transaction(() => {
    admitHere(run, spec, env);
    ensureService(state, { name: job.service, slug: spec.slug, now: run.clock.now() });
    const number = takeReleaseNumber(state, job.service);
    const image = imageName(run.config.instance, spec.slug, number);
    const unbuilt = { exposed: [], hasHealthcheck: false };
    putRelease(state, record(run, plan(run, { number, image, facts: unbuilt }), "", "building"));
    return number;
  });
}

async function switchTo(run: Run, release: Release): Promise<void> {
  const { state, job, tools, clock, signal, live, config } = run;
  const { engine, router, probe, connections, afterwards } = tools;
  const step = (phase: "intent" | "outcome") => (name: string, data: unknown) => {
    try {
      appendStep(state, job.id, { step: name, phase, data, at: clock.now() });
    } catch (error) {
      // A disk that takes no notes must not keep the old release from coming back.
      if (name !== "undo") throw error;
    }
  };
  let isRecorded = true;
  const say: Say = (event: Event) => {
    // Recorded first: whoever reads "live" may ask for the releases at once.
    if (event.kind === "live") isRecorded = tryLive(run, release);
    run.say(event);
  };
  const journal = { intent: step("intent"), outcome: step("outcome") };
  await tools.deploy(
    { release, from: live?.release, signal, server: config },
    { engine, router, probe, connections, afterwards, journal, clock, say },
  );
  // It serves, and nothing can take that back, so the state has to follow.
  while (!isRecorded) {
    await clock.sleep(recordRetryMs);
    isRecorded = tryLive(run, release);
  }
}

const recordRetryMs = 5000;

function tryLive({ state, job }: Run, release: Release): boolean {
  try {
    setLive(state, job.service, release.number);
    return true;
  } catch {
    return false;
  }
}
