import type { ReceiptEvent, Say } from "../../core/wire/events.ts";
import { UserError } from "../../core/errors.ts";
import { imageName } from "../../core/release/names.ts";
import { authorise, authoriseSpec, type Caller } from "../../core/wire/permissions.ts";
import type { Release } from "../../core/release/release.ts";
import type { ServiceSpec } from "../../core/release/spec.ts";
import { applyChanges } from "../../adapters/state/job-changes.ts";
import type { Job } from "../../adapters/state/jobs.ts";
import {
  claimingReleases,
  listReleases,
  liveRelease,
  putRelease,
  setReceipt,
  setReleaseState,
} from "../../adapters/state/releases.ts";
import { ensureService, slugOwner, takeReleaseNumber } from "../../adapters/state/services.ts";
import type { State } from "../../adapters/state/state.ts";
import { hasWildcards, ownNames } from "../certificates/server-facts.ts";
import { admit } from "./admit.ts";
import { provideImage, removeOldImages } from "./image.ts";
import { deployPorts, plan, record, type DeployJobParts, type Run } from "./deploy-context.ts";
import { recordSwitch } from "./record-switch.ts";
import { provideVolumes, resolveHomes } from "./volumes.ts";
import { enrolledKeys } from "../access/enrolled-keys.ts";
import { asksForBuild, readAction, readOrder, type Order } from "./desired-release.ts";
import { runRemoveJob } from "./remove-job.ts";
import { runStopJob } from "./stop-job.ts";
import { runsAlready } from "./runs-already.ts";
import { command, hint } from "../../core/hints.ts";

/** From an accepted request to its end, mostly a live release: read, check, build, switch, tidy up. Says how it ended, or throws and then nothing changed. */
export async function runDeployJob(
  parts: DeployJobParts,
  job: Job,
  say: Say,
  signal: AbortSignal,
): Promise<void> {
  const { state, config } = parts;
  const caller = callerOf(state, job);
  const action = readAction(state, job);
  // Again, because a key may have expired or been limited while its request waited.
  authorise(caller, action, parts.clock.now());
  if (action.action === "stop") return runStopJob(parts, job, say, signal);
  if (action.action === "remove") return runRemoveJob(parts, job, { say, signal, action });
  const order = await readOrder(parts, job, action, say);
  authoriseSpec(caller, order.spec);
  const spec = admitHere(parts, order);
  const homes = await resolveHomes(spec, config);
  const live = liveRelease(state, job.service);
  const tools = await parts.tools();
  const run: Run = { ...parts, tools, job, say, signal, order, spec, homes, live };
  if (await isUnchanged(run)) {
    // Values may be the same as those that run, and others than those of the next push.
    state.transaction(() => applyChanges(state, job));
    await settleHosts(run, []);
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
  throw new UserError(`key ${job.key}: was removed before its job began`, {
    code: "unknown-key",
    hint: hint`ask again with a key that is enrolled: ${command("key list")}`,
  });
}

/** The spec of an order as this server takes it, or the first thing that it refuses about it. */
export function admitHere(
  { state, config }: Pick<DeployJobParts, "state" | "config">,
  { spec, env, source }: Order,
): ServiceSpec {
  const claiming = claimingReleases(state);
  const underWay = claiming.filter(({ state: is }) => is !== "live" && is !== "stopped");
  return admit(spec, {
    config,
    live: claiming.map(({ release }) => release),
    underWay: underWay.map(({ release }) => release.spec.service),
    slugOwner: slugOwner(state, spec.slug),
    // What runs already may go on as it is, whatever has become of its certificate.
    certificates:
      source.kind === "push"
        ? { wildcards: hasWildcards(config), own: ownNames(state) }
        : { wildcards: true },
    env,
    takeFrom: source.kind === "push" ? source.manifest.options.takeFrom : undefined,
  });
}

async function isUnchanged(run: Run): Promise<boolean> {
  const { live, order, tools } = run;
  if (live === undefined || live.content !== order.content || asksForBuild(order)) return false;
  if (order.isForced === true) return false;
  const { number, image } = live.release;
  return runsAlready(tools.engine, live.release, (facts) => plan(run, { number, image, facts }));
}

async function makeRelease(run: Run): Promise<void> {
  const { state, job } = run;
  const number = claimNumber(run);
  const requestedEarly = run.certificates.requestEarly(httpsHosts(run));
  try {
    const { image, facts } = await provideImage(run, number);
    const release = plan(run, { number, image, facts });
    putRelease(state, record(run, release, facts.id, "starting"));
    await provideVolumes(run, facts);
    await switchTo(run, release, await requestedEarly);
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
  const { state, job, spec, order } = run;
  return state.transaction(() => {
    admitHere(run, { ...order, spec });
    ensureService(state, { name: job.service, slug: spec.slug, now: run.clock.now() });
    const number = takeReleaseNumber(state, job.service);
    const image = imageName(run.config.instance, spec.slug, number);
    const unbuilt = { exposed: [], hasHealthcheck: false };
    putRelease(state, record(run, plan(run, { number, image, facts: unbuilt }), "", "building"));
    return number;
  });
}

async function switchTo(
  run: Run,
  release: Release,
  requestedEarly: readonly string[],
): Promise<void> {
  const { state, job, tools, clock, signal, live, config } = run;
  let receipt: ReceiptEvent | undefined;
  let settled: Promise<void> | undefined;
  const kept = recordSwitch({ state, clock }, job, (event) => {
    if (event.kind === "receipt") receipt = event;
    else run.say(event);
    // Beside the drain, which takes its time as well.
    if (event.kind === "live") settled = settleHosts(run, requestedEarly);
  });
  await tools.deploy(
    { release, from: live?.release, signal, server: config },
    deployPorts(tools, { clock, ...kept }),
  );
  await kept.recorded();
  if (receipt !== undefined) keepReceipt(run, receipt);
  await settled;
  // The last word of a job: who listens goes then.
  if (receipt !== undefined) run.say(receipt);
}

const settleHosts = (run: Run, requestedEarly: readonly string[]): Promise<void> => {
  const hosts = httpsHosts(run);
  const before = run.live === undefined ? [] : httpsHosts(run.live.release);
  const left = before.filter(
    (host) => !hosts.includes(host) && run.spec.routes.some((route) => route.host === host),
  );
  const { say, signal } = run;
  return run.certificates.settle(hosts, { say, signal, requestedEarly, left });
};

const httpsHosts = ({ spec }: Pick<Run, "spec">): readonly string[] => [
  ...new Set(spec.routes.filter(({ https }) => https).map(({ host }) => host)),
];

/** A disk that takes no notes costs this one, and nothing else. */
function keepReceipt({ state }: Run, event: ReceiptEvent): void {
  const { service, release: number, ms, requests, failed } = event;
  const counts = requests === undefined || failed === undefined ? {} : { requests, failed };
  try {
    setReceipt(state, { service, number }, { ms, ...counts });
  } catch {
    // It has been said.
  }
}
