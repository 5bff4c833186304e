import type { Release } from "../release/release.ts";
import type { RoutingState, Switch } from "./routing-state.ts";
import type { ReleaseRouting, RoutePlan } from "./release-routing.ts";
import type { DynamicConfig } from "./traefik-config.ts";
import type { Target } from "./dynamic-draft.ts";
import { DynamicDraft } from "./dynamic-draft.ts";
import { hstsOff, releaseRouting } from "./release-routing.ts";
import { covers } from "./routes.ts";
import { addServer } from "./server-routes.ts";
import { strictHosts } from "./strict-hosts.ts";
import type { Wait } from "./waiting.ts";
import { emptyService, waitFor } from "./waiting.ts";
import { isTakenOver, knownReleases } from "./takeovers.ts";

/** The dynamic file: holds of every switch in progress, places that were taken over, the receiver, certificates and the answer where emptyService lives. */
export function dynamicConfig(known: RoutingState): DynamicConfig {
  const state = { ...known, server: { ...known.server, strict: strictHosts(known) } };
  const file = new DynamicDraft();
  addServer(file, state.server);
  const base = [
    ...state.live.filter(({ spec }) => !state.switches.some((one) => one.service === spec.service)),
    ...state.switches.flatMap(({ phase, from, to }) => (phase === "held" ? (from ?? []) : to)),
  ].map((release): RoutedRelease => ({ release, routing: routingOf(state, release) }));
  // Holds first: where two switches speak about one wanted, the release that comes outranks the one that goes.
  for (const one of state.switches) if (one.phase === "held") addHolds(file, state, base, one);
  addFormerHttps(file, state, base);
  for (const one of state.switches)
    if (one.phase === "cut-over") addOldOnlyRoutes(file, state, base, one);
  addTakenOver(file, state, base);
  addStopped(file, state);
  addHttps(file, state, base);
  return file.config(state.server);
}

interface RoutedRelease {
  readonly release: Release;
  readonly routing: ReleaseRouting;
}

/** What a release has to answer, whatever more its labels ask for. */
function routingOf(state: RoutingState, release: Release): ReleaseRouting {
  const routing = releaseRouting(release, state.server);
  const isOwn = ({ route }: RoutePlan): boolean => !isTakenOver(state, release, route);
  return { ...routing, routers: routing.routers.filter(isOwn) };
}

function addHolds(
  file: DynamicDraft,
  state: RoutingState,
  base: readonly RoutedRelease[],
  one: Switch,
): void {
  const to = routingOf(state, one.to).routers;
  const from = one.from === undefined ? [] : routingOf(state, one.from).routers;
  // The old release stops before the new one is there, so what only the old one has must wait as well.
  const gone =
    one.mode === "wait" ? from.filter((old) => !to.some((plan) => isSameRule(plan, old))) : [];
  for (const plan of [...to, ...gone]) {
    const owner = isStopped(state, one.service) ? undefined : ownerOf(plan, base);
    const target =
      owner === undefined
        ? waitTarget(file, state, { one, plan, isNew: true })
        : targetOf(file, state, plan, owner);
    file.hold(`hold-${plan.name}`, plan, target);
  }
}

/** Routes that only the old release has lead to whoever owns them next, until the old containers and their labels are gone. */
function addOldOnlyRoutes(
  file: DynamicDraft,
  state: RoutingState,
  base: readonly RoutedRelease[],
  one: Switch,
): void {
  if (one.from === undefined) return;
  const to = releaseRouting(one.to, state.server).routers;
  for (const plan of releaseRouting(one.from, state.server).routers)
    if (!to.some((other) => isSameRule(other, plan)))
      file.hold(`rest-${plan.name}`, plan, nextTarget(file, state, plan, base));
}

/** Labels cannot change while a container lives, so what they ask for in vain is answered from here until it goes. */
function addTakenOver(
  file: DynamicDraft,
  state: RoutingState,
  base: readonly RoutedRelease[],
): void {
  for (const release of knownReleases(state))
    for (const plan of releaseRouting(release, state.server).routers)
      if (isTakenOver(state, release, plan.route))
        file.hold(`yield-${plan.name}`, plan, nextTarget(file, state, plan, base));
}

/** A stopped service keeps its places: no less specific route of another one answers there. */
function addStopped(file: DynamicDraft, state: RoutingState): void {
  for (const release of state.stopped ?? [])
    for (const plan of releaseRouting(release, state.server).routers)
      file.hold(`stopped-${plan.name}`, plan, { service: emptyService, middlewares: [] });
}

/** What the labels of a release cannot know: whether the certificate of a host is there, so that http redirects and https says so. */
function addHttps(file: DynamicDraft, state: RoutingState, base: readonly RoutedRelease[]): void {
  for (const one of base)
    for (const plan of one.routing.routers)
      if (plan.isInFile)
        file.hold(`https-${plan.name}`, plan, targetOf(file, state, plan, { ...one, plan }));
}

/** Browsers that know a host over https go on asking there: as long as its certificate is served they are answered, and let go of. */
function addFormerHttps(
  file: DynamicDraft,
  state: RoutingState,
  base: readonly RoutedRelease[],
): void {
  for (const { routing } of base)
    for (const plan of routing.routers) {
      if (!isFormerHttps(plan, state)) continue;
      const wanted = httpsSideOf(plan);
      if ((ownerOf(wanted, base) ?? ownerOf(wanted, heldReleases(state))) !== undefined) continue;
      file.hold(`left-${plan.name}`, wanted, formerHttpsTarget(file, state, wanted, base));
    }
}

/** True for the route of a service that is on http alone, at a host whose certificate is there. */
const isFormerHttps = ({ route: { host, https } }: RoutePlan, { server }: RoutingState): boolean =>
  // Below a wildcard there may be hosts of others that never had a certificate.
  !https && !host.startsWith("*.") && server.secured?.includes(host) === true;

/** Whoever has the place on http answers there, unless its requests wait just now. */
function formerHttpsTarget(
  file: DynamicDraft,
  state: RoutingState,
  wanted: RoutePlan,
  base: readonly RoutedRelease[],
): Target {
  const none = { service: emptyService, middlewares: [] };
  const plain = base.map(({ release, routing }) => ({
    release,
    routing: { ...routing, routers: routing.routers.filter(({ route }) => !route.https) },
  }));
  const owner = ownerOf({ ...wanted, entryPoint: "web" }, plain);
  if (owner === undefined || !isFormerHttps(owner.plan, state)) return none;
  const { release, routing, plan } = owner;
  const one = state.switches.find(({ service }) => service === release.spec.service);
  if (one?.phase === "held" && one.mode === "wait") return none;
  const middlewares = plan.config.middlewares ?? [];
  file.copy(routing, middlewares);
  file.add({ middlewares: { "let-go": hstsOff } });
  return { service: `${routing.service}@docker`, middlewares: ["let-go", ...middlewares] };
}

/** The place of a route on the https port, on which its release is not. */
const httpsSideOf = (plan: RoutePlan): RoutePlan => ({
  ...plan,
  entryPoint: "websecure",
  config: { ...plan.config, entryPoints: ["websecure"], tls: {} },
});

const isStopped = ({ stopped = [] }: RoutingState, service: string): boolean =>
  stopped.some(({ spec }) => spec.service === service);

/** Who answers there when the labels of a release that goes do not count: whoever is live, or whoever comes. */
function nextTarget(
  file: DynamicDraft,
  state: RoutingState,
  wanted: RoutePlan,
  base: readonly RoutedRelease[],
): Target {
  const owner = ownerOf(wanted, base);
  if (owner !== undefined) return targetOf(file, state, wanted, owner);
  const next = ownerOf(wanted, heldReleases(state));
  const one = state.switches.find(({ to }) => to === next?.release);
  if (one === undefined) return formerHttpsTarget(file, state, wanted, base);
  return waitTarget(file, state, { one, plan: wanted, isNew: true });
}

/** Releases that get ready. */
const heldReleases = (state: RoutingState): readonly RoutedRelease[] =>
  state.switches
    .filter(({ phase }) => phase === "held")
    .map(({ to }) => ({ release: to, routing: routingOf(state, to) }));

interface Owner extends RoutedRelease {
  readonly plan: RoutePlan;
}

/** Who answers the requests of a place now: of all routers that cover it the most specific, then the newest. */
function ownerOf(wanted: RoutePlan, base: readonly RoutedRelease[]): Owner | undefined {
  return base
    .flatMap((one) => one.routing.routers.map((plan) => ({ ...one, plan })))
    .filter(({ plan }) => plan.entryPoint === wanted.entryPoint && covers(plan.route, wanted.route))
    .toSorted((a, b) => b.plan.config.priority - a.plan.config.priority)[0];
}

/** The owner itself through its label service, or its wait while it has stopped for its own switch. */
function targetOf(
  file: DynamicDraft,
  state: RoutingState,
  wanted: RoutePlan,
  owner: Owner,
): Target {
  const one = state.switches.find(({ service }) => service === owner.release.spec.service);
  if (one?.phase === "held" && one.mode === "wait")
    return waitTarget(file, state, { one, plan: wanted, isNew: false });
  const middlewares = owner.plan.config.middlewares ?? [];
  file.copy(owner.routing, middlewares);
  // A redirect needs emptyService who answers.
  const service = owner.plan.redirects ? emptyService : `${owner.routing.service}@docker`;
  return { service, middlewares };
}

function waitTarget(
  file: DynamicDraft,
  state: RoutingState,
  wait: Pick<Wait, "one" | "plan" | "isNew">,
): Target {
  const { target, ...parts } = waitFor({
    ...wait,
    routingOf: (release) => routingOf(state, release),
  });
  file.add(parts);
  return target;
}

function isSameRule(a: RoutePlan, b: RoutePlan): boolean {
  return a.entryPoint === b.entryPoint && a.config.rule === b.config.rule;
}
