import type { Release } from "../release/release.ts";
import type { RoutingState, Switch } from "./routing-state.ts";
import {
  answersFor,
  hstsOff,
  isBeside,
  releaseRouting,
  type ReleaseRouting,
  type RoutePlan,
} from "./release-routing.ts";
import type { DynamicConfig } from "./traefik-config.ts";
import { transportsOf } from "./balancers.ts";
import { limitBody } from "./body-limits.ts";
import { closeRoute } from "./maintenance.ts";
import { backendOf } from "./backend.ts";
import { DynamicDraft, type Target } from "./dynamic-draft.ts";
import { authMiddlewares } from "./middlewares.ts";
import { addPathGuards } from "./path-guards.ts";
import { coversHost } from "./routes.ts";
import { addServer } from "./server-routes.ts";
import { emptyService, waitFor, type Wait } from "./waiting.ts";
import { isTakenOver, knownReleases } from "./takeovers.ts";

/** The dynamic file: holds of running switches, taken-over routes, the receiver, certificates, and the answer for unknown hosts. */
export function dynamicConfig(facts: RoutingState): DynamicConfig {
  const state = { ...facts, server: { ...facts.server, strict: strictHosts(facts) } };
  const file = new DynamicDraft();
  addServer(file, state.server);
  if (state.server.keepsPaths === true) addPathGuards(file, state);
  // Before any label names one, and until the last container whose labels do is gone.
  file.add({
    serversTransports: transportsOf([...knownReleases(state), ...(state.stopped ?? [])]),
  });
  const live = [
    ...state.live.filter(({ spec }) => !state.switches.some((one) => one.service === spec.service)),
    ...state.switches.flatMap(({ phase, from, to }) => (phase === "held" ? (from ?? []) : to)),
  ];
  const held = state.switches.filter(({ phase }) => phase === "held").map(({ to }) => to);
  const routed = (releases: readonly Release[]) =>
    releases.map((release): Routed => ({ release, routing: routingOf(state, release) }));
  const known = { file, state, live: routed(live), held: routed(held) };
  addPasswords(known);
  // Holds first: when two switches have the same route, the newer release wins.
  for (const one of state.switches) if (one.phase === "held") addHolds(known, one);
  addFormerHttps(known);
  for (const one of state.switches) if (one.phase === "cut-over") addOldOnlyRoutes(known, one);
  addTakenOver(known);
  addStopped(known);
  addHttps(known);
  addBodyLimits(known);
  addMaintenance(known, routed(state.stopped ?? []));
  return file.config(state.server);
}

/** The file so far, and what its routers depend on; `live` are the releases that answer now, `held` those that get ready. */
interface Known {
  readonly file: DynamicDraft;
  readonly state: RoutingState;
  readonly live: readonly Routed[];
  readonly held: readonly Routed[];
}

interface Routed {
  readonly release: Release;
  readonly routing: ReleaseRouting;
}

/** The passwords for every release that may have containers: Traefik drops a router whose middleware is missing. */
function addPasswords({ file, state }: Known): void {
  const users = state.server.users ?? {};
  for (const release of knownReleases(state)) {
    const from = state.switches.find(({ to }) => to === release)?.from;
    file.add({ middlewares: authMiddlewares(release, from, users) });
  }
}

/** The routers of a release without the routes that another service has taken over. */
function routingOf(state: RoutingState, release: Release): ReleaseRouting {
  const routing = releaseRouting(release, state.server);
  const isOwn = ({ route }: RoutePlan): boolean => !isTakenOver(state, release, route);
  return { ...routing, routers: routing.routers.filter(isOwn) };
}

function addHolds(known: Known, one: Switch): void {
  const { file, state, live } = known;
  const to = routingOf(state, one.to).routers;
  const from = one.from === undefined ? [] : routingOf(state, one.from).routers;
  // The old release stops before the new one starts, so requests for its other routes must wait too.
  const gone =
    one.mode === "wait" ? from.filter((old) => !to.some((plan) => isSameRule(plan, old))) : [];
  for (const plan of [...to, ...gone]) {
    const owner = isStopped(state, one.service) ? undefined : ownerOf(plan, live);
    const target =
      owner === undefined
        ? waitTarget(known, { one, plan, isNew: true })
        : targetOf(known, plan, owner);
    file.hold(`hold-${plan.name}`, plan, target);
  }
}

/** Routes that only the old release has lead to their next owner, until the old containers and their labels are removed. */
function addOldOnlyRoutes(known: Known, { from, to }: Switch): void {
  if (from === undefined) return;
  const { file, state } = known;
  const kept = releaseRouting(to, state.server).routers;
  for (const plan of releaseRouting(from, state.server).routers)
    if (!kept.some((other) => isSameRule(other, plan)))
      file.hold(`rest-${plan.name}`, plan, nextTarget(known, plan));
}

/** Labels cannot change while a container exists. So the file answers for taken-over routes until it is removed. */
function addTakenOver(known: Known): void {
  const { file, state } = known;
  for (const release of knownReleases(state))
    for (const plan of releaseRouting(release, state.server).routers)
      if (isTakenOver(state, release, plan.route))
        file.hold(`yield-${plan.name}`, plan, nextTarget(known, plan));
}

/** A stopped service keeps its routes: no less specific route of another service answers there. */
function addStopped({ file, state }: Known): void {
  for (const release of state.stopped ?? [])
    for (const plan of releaseRouting(release, state.server).routers)
      file.hold(`stopped-${plan.name}`, plan, { service: emptyService, middlewares: [] });
}

/** Closes every place at which a service in maintenance answers now, would answer if it ran, or lets requests wait. Labels of old releases have such places too. */
function addMaintenance(known: Known, stopped: readonly Routed[]): void {
  const { file, state } = known;
  const { maintenance = [] } = state;
  if (maintenance.length === 0) return;
  const releases = [...knownReleases(state), ...(state.stopped ?? [])];
  for (const plan of placesOf(state, releases)) {
    if (isBeside(plan)) continue;
    const owner = ownerNow(known, plan) ?? ownerOf(plan, stopped);
    const one = maintenance.find(({ service }) => service === owner?.release.spec.service);
    if (one !== undefined) closeRoute(file, state.server, { plan, maintenance: one });
  }
}

/** Refuses large bodies at each place: a request that waits must fulfil the limits of all releases that may answer it. */
function addBodyLimits(known: Known): void {
  const { file, state } = known;
  const releases = knownReleases(state);
  if (releases.every(({ spec }) => spec.maxBodyBytes === undefined)) return;
  for (const plan of placesOf(state, releases)) {
    if (plan.isBehind === true) continue;
    const { owners, isWaiting } = answersAt(known, plan);
    const limits = owners.flatMap(({ release }) => release.spec.maxBodyBytes ?? []);
    const [owner] = owners;
    if (limits.length === 0 || owner === undefined) continue;
    // No release answers one that waits.
    const middlewares = isWaiting ? [] : owner.plan.shape;
    file.copy(owner.routing, middlewares);
    limitBody(file, { plan, middlewares, limit: Math.min(...limits) });
  }
}

/** Every place that the labels or the file give to one of these releases. */
function placesOf(state: RoutingState, releases: readonly Release[]): readonly RoutePlan[] {
  const plans = releases.flatMap((release) => releaseRouting(release, state.server).routers);
  return [...plans, ...plans.filter((plan) => isFormerHttps(plan, state)).map(httpsSideOf)];
}

/** Who answers at a place now, or will as soon as it is ready. */
const ownerNow = (known: Known, wanted: RoutePlan): Owner | undefined =>
  ownerOf(wanted, known.live) ?? ownerOf(wanted, known.held) ?? formerHttpsOwner(known, wanted);

/** The owners of a place whose services may answer there, not those that redirect. */
function answersAt(known: Known, wanted: RoutePlan) {
  const { state } = known;
  const found = ownerNow(known, wanted);
  if (found === undefined) return { owners: [], isWaiting: false };
  const { service } = found.release.spec;
  const one = state.switches.find((going) => going.service === service);
  const isWaiting = one?.phase === "held" && (one.mode === "wait" || found.release === one.to);
  const coming = isWaiting ? [one.to, one.from].filter((side) => side !== undefined) : [];
  const sides = coming.map((release) => ({ release, routing: routingOf(state, release) }));
  const waiting = sides.flatMap((side) => ownerOf(wanted, [side]) ?? []);
  const owners = waiting.length > 0 ? waiting : [found];
  return { owners: owners.filter(({ plan }) => !plan.redirects), isWaiting };
}

/** Labels do not know whether a host has a certificate. So the file redirects http, and switches HSTS on. */
function addHttps(known: Known): void {
  for (const one of known.live)
    for (const plan of one.routing.routers)
      if (plan.isInFile)
        known.file.hold(`https-${plan.name}`, plan, targetOf(known, plan, { ...one, plan }));
}

/** Browsers that know a host over https come back with https. While its certificate is valid, the http service answers them and switches HSTS off. */
function addFormerHttps(known: Known): void {
  const { file, state, live, held } = known;
  for (const { routing } of live)
    for (const plan of routing.routers) {
      if (!isFormerHttps(plan, state)) continue;
      const wanted = httpsSideOf(plan);
      if ((ownerOf(wanted, live) ?? ownerOf(wanted, held)) !== undefined) continue;
      file.hold(`left-${plan.name}`, wanted, formerHttpsTarget(known, wanted));
    }
}

/** True for an http route at a host with a certificate. */
const isFormerHttps = ({ route: { host, https } }: RoutePlan, { server }: RoutingState): boolean =>
  // A wildcard may cover hosts of others that never had a certificate.
  !https && !host.startsWith("*.") && server.secured?.includes(host) === true;

/** The service on http answers here too, unless its requests wait now. */
function formerHttpsTarget(known: Known, wanted: RoutePlan): Target {
  const { file, state } = known;
  const none = { service: emptyService, middlewares: [] };
  const owner = formerHttpsOwner(known, wanted);
  if (owner === undefined) return none;
  const { release, routing, plan } = owner;
  const one = state.switches.find(({ service }) => service === release.spec.service);
  if (one?.phase === "held" && one.mode === "wait") return none;
  const middlewares = plan.config.middlewares ?? [];
  file.copy(routing, middlewares);
  file.add({ middlewares: { "let-go": hstsOff } });
  return { service: file.lead(backendOf(plan)), middlewares: ["let-go", ...middlewares] };
}

/** The owner of a place on http, where https has none and browsers may come back with it. */
function formerHttpsOwner({ state, live }: Known, wanted: RoutePlan): Owner | undefined {
  const plain = live.map(({ release, routing }) => ({
    release,
    routing: { ...routing, routers: routing.routers.filter(({ route }) => !route.https) },
  }));
  const owner = ownerOf({ ...wanted, entryPoint: "web" }, plain);
  return owner !== undefined && isFormerHttps(owner.plan, state) ? owner : undefined;
}

/** The same route on the https port. */
const httpsSideOf = (plan: RoutePlan): RoutePlan => ({
  ...plan,
  entryPoint: "websecure",
  config: { ...plan.config, entryPoints: ["websecure"], tls: {} },
});

const isStopped = ({ stopped = [] }: RoutingState, service: string): boolean =>
  stopped.some(({ spec }) => spec.service === service);

/** The next owner of a route, without the labels of the old release: a live release, or one that gets ready. */
function nextTarget(known: Known, wanted: RoutePlan): Target {
  const { state, live, held } = known;
  const owner = ownerOf(wanted, live);
  if (owner !== undefined) return targetOf(known, wanted, owner);
  const next = ownerOf(wanted, held);
  const one = state.switches.find(({ to }) => to === next?.release);
  if (one === undefined) return formerHttpsTarget(known, wanted);
  return waitTarget(known, { one, plan: wanted, isNew: true });
}

interface Owner extends Routed {
  readonly plan: RoutePlan;
}

/** The owner of a route now: of all routers that cover it the most specific, then the newest. */
const ownerOf = (wanted: RoutePlan, among: readonly Routed[]): Owner | undefined =>
  among
    .flatMap((one) => one.routing.routers.map((plan) => ({ ...one, plan })))
    .filter(({ plan }) => answersFor(plan, wanted))
    .toSorted((a, b) => b.plan.config.priority - a.plan.config.priority)[0];

/** The owner's own service, or its wait service while it is stopped for a switch. */
function targetOf(known: Known, wanted: RoutePlan, owner: Owner): Target {
  const { file, state } = known;
  const one = state.switches.find(({ service }) => service === owner.release.spec.service);
  if (one?.phase === "held" && one.mode === "wait")
    return waitTarget(known, { one, plan: wanted, isNew: false });
  const middlewares = owner.plan.config.middlewares ?? [];
  file.copy(owner.routing, middlewares);
  // A redirect needs no server.
  const service = owner.plan.redirects ? emptyService : file.lead(backendOf(owner.plan));
  return { service, middlewares };
}

function waitTarget({ file, state }: Known, wait: Omit<Wait, "routingOf" | "trusted">): Target {
  const ofRelease = (release: Release) => routingOf(state, release);
  const { target, ...parts } = waitFor({
    ...wait,
    trusted: state.server.trusted,
    routingOf: ofRelease,
  });
  file.add(parts);
  return target;
}

const isSameRule = (a: RoutePlan, b: RoutePlan): boolean =>
  a.entryPoint === b.entryPoint && a.config.rule === b.config.rule;

/** Hosts with HSTS. Not hosts with an http route, and not beside another port than 443, which browsers would keep (RFC 6797, 8.3). */
function strictHosts(state: RoutingState): readonly string[] {
  const { secured = [], httpsPort } = state.server;
  if (httpsPort !== 443) return [];
  const plain = [...knownReleases(state), ...(state.stopped ?? [])]
    .flatMap(({ spec }) => spec.routes)
    .filter(({ https }) => !https);
  return secured.filter(
    (host) => !plain.some((one) => coversHost(one.host, host) || coversHost(host, one.host)),
  );
}
