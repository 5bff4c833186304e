import type { DoneEvent } from "../../core/wire/event-roles.ts";
import type { LiveEvent, ReceiptEvent } from "../../core/wire/events.ts";
import { imageName } from "../../core/release/names.ts";
import { authoriseSpec } from "../../core/wire/permissions.ts";
import { isSameRoute } from "../../core/routing/routes.ts";
import { ownRoutes } from "../../core/routing/takeovers.ts";
import { routeUrl } from "../../deploy/messages.ts";
import type { Release } from "../../core/release/release.ts";
import type { ServiceSpec } from "../../core/release/spec.ts";
import { applyChanges } from "../../adapters/state/job-changes.ts";
import {
  listReleases,
  liveRelease,
  putRelease,
  setFrom,
  setReceipt,
  setReleaseState,
} from "../../adapters/state/releases.ts";
import { ensureService, takeReleaseNumber } from "../../adapters/state/services.ts";
import type { JobRun } from "../jobs/job-kind.ts";
import { plan, planAs, record, type DeployContext } from "./deploy-context.ts";
import type { DesiredRelease } from "./desired-release.ts";
import { provideImage, removeOldImages } from "./image.ts";
import { recordSwitch } from "./record-switch.ts";
import { runsAlready, type Wanted } from "./runs-already.ts";
import { admitHere } from "./admit.ts";
import { adoptedNames, keepData } from "./kept-data.ts";
import { provideSecrets, removeOldSecrets } from "./secrets.ts";
import { nothingBuilt } from "./release-plan.ts";
import { provideVolumes, resolveHomes } from "./volumes.ts";

/** Makes a desired release live: check, build, switch, tidy up. Returns how it ended, or throws and then nothing changed. */
export async function makeLive(run: JobRun, desired: DesiredRelease): Promise<DoneEvent> {
  const context = await openDeploy(run, desired);
  const { state, job, live, tools } = context;
  const withImage: Wanted["withImage"] = (of, facts) => planAs(context, of, facts);
  if (await runsAlready(tools.engine, { live, desired, withImage })) {
    // Values may be the same as those that run, and others than those of the next push.
    state.transaction(() => {
      applyChanges(state, job);
      recordCommit(context);
    });
    await awaitCertificates(context, []);
    return { kind: "unchanged", service: job.service, release: live?.release.number ?? 0 };
  }
  try {
    return await makeRelease(context);
  } finally {
    await removeOldImages(context);
    await removeOldSecrets(context);
  }
}

/** Another commit with the same files is what runs now. */
function recordCommit({ state, live, desired: { from } }: DeployContext): void {
  if (live !== undefined && from?.commit !== undefined)
    setFrom(state, { service: live.release.spec.service, number: live.release.number }, from);
}

/** Reads all that a deploy depends on; throws UserError where the key or this server refuse it. */
async function openDeploy(run: JobRun, desired: DesiredRelease): Promise<DeployContext> {
  const { state, config, caller, job } = run;
  authoriseSpec(caller, desired.spec);
  const spec = admitHere(run, desired);
  const homes = await resolveHomes(spec, config);
  const live = liveRelease(state, job.service);
  const tools = await run.tools();
  const adopted = await adoptedNames(state, tools.engine, job.service);
  return { ...run, tools, desired, spec, homes, adopted, live };
}

async function makeRelease(context: DeployContext): Promise<LiveEvent> {
  const number = claimNumber(context);
  sayLostRoutes(context);
  const requestedEarly = context.certificates.requestEarly(hostsOf(context.spec));
  try {
    const { image, facts } = await provideImage(context, number);
    const planned = plan(context, { number, image }, facts);
    const keep = (release: Release) =>
      putRelease(context.state, record(context, release, facts.id, "starting"));
    keep(planned);
    const release = await keepData(context, planned, facts);
    keep(release);
    await provideVolumes(context, release, facts);
    await provideSecrets(context, release, facts.user);
    return await switchTo(context, release, await requestedEarly);
  } catch (error) {
    recordFailure(context, number);
    throw error;
  }
}

/** Takes a number and, with it, the routes: a deploy of another service may have asked for them since they were checked. */
function claimNumber(context: DeployContext): number {
  const { state, job, spec, desired } = context;
  return state.transaction(() => {
    admitHere(context, { ...desired, spec });
    ensureService(state, { name: job.service, slug: spec.slug, now: context.clock.now() });
    const number = takeReleaseNumber(state, job.service);
    const image = imageName(context.config.instance, spec.slug, number);
    const release = plan(context, { number, image }, nothingBuilt);
    putRelease(state, record(context, release, "", "building"));
    return number;
  });
}

/** Names the routes that end with the live release, before anything is built. */
function sayLostRoutes({ live, spec, config, say }: DeployContext): void {
  const routes = live === undefined ? [] : ownRoutes(live.release);
  for (const route of routes)
    if (!spec.routes.some((one) => isSameRoute(one, route)))
      say({ kind: "note", text: `goes: ${routeUrl(route, config)}` });
}

function recordFailure({ state, job: { service } }: DeployContext, number: number): void {
  const known = listReleases(state, service).find(({ release }) => release.number === number);
  if (known !== undefined && known.state !== "live")
    setReleaseState(state, { service, number }, "failed");
}

async function switchTo(
  context: DeployContext,
  release: Release,
  requestedEarly: readonly string[],
): Promise<LiveEvent> {
  const { state, job, tools, clock, signal, live, config, say } = context;
  let receipt: ReceiptEvent | undefined;
  let outcome: LiveEvent | undefined;
  let certificates: Promise<void> | undefined;
  const kept = recordSwitch({ state, clock }, job, (event) => {
    if (event.kind === "receipt") receipt = event;
    else say(event);
    if (event.kind !== "live") return;
    outcome = event;
    // Beside the drain, which takes its time as well.
    certificates = awaitCertificates(context, requestedEarly);
  });
  const input = { release, from: live?.release, signal, server: config };
  await tools.deploy(input, { ...tools, clock, ...kept });
  await kept.recorded();
  if (receipt !== undefined) recordReceipt(context, receipt);
  await certificates;
  // The log of a job ends with it.
  if (receipt !== undefined) say(receipt);
  if (outcome === undefined) throw new Error("a switch that did not say `live`");
  return outcome;
}

function awaitCertificates(
  { certificates, spec, live, say, signal }: DeployContext,
  requestedEarly: readonly string[],
): Promise<void> {
  const movedToHttp = hostsMovedToHttp(live?.release.spec, spec);
  return certificates.report(hostsOf(spec), { say, signal, requestedEarly, movedToHttp });
}

/** A disk that is full costs the receipt, and nothing else. */
function recordReceipt({ state }: DeployContext, event: ReceiptEvent): void {
  const { service, release: number, ms, requests, failed } = event;
  const counts = requests === undefined || failed === undefined ? {} : { requests, failed };
  try {
    setReceipt(state, { service, number }, { ms, ...counts });
  } catch {
    // It is said all the same.
  }
}

type Routes = Pick<ServiceSpec, "routes">;

/** The hosts that a service wants https for, each once. */
export const hostsOf = ({ routes }: Routes): readonly string[] => [
  ...new Set(routes.filter(({ https }) => https).map(({ host }) => host)),
];

/** The hosts that a service keeps, and that it wanted https for until now. */
export function hostsMovedToHttp(before: Routes | undefined, after: Routes): readonly string[] {
  const wanted = hostsOf(after);
  return (before === undefined ? [] : hostsOf(before)).filter(
    (host) => !wanted.includes(host) && after.routes.some((route) => route.host === host),
  );
}
