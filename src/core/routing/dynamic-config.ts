import type { Release } from "../release/release.ts";
import type { RoutingState, Switch } from "./routing-state.ts";
import type { ReleaseRouting, RoutePlan } from "./release-routing.ts";
import type { DynamicConfig } from "./traefik-config.ts";
import type { Target } from "./dynamic-draft.ts";
import { backendOf } from "./backend.ts";
import { DynamicDraft } from "./dynamic-draft.ts";
import { hstsOff, releaseRouting } from "./release-routing.ts";
import { covers } from "./routes.ts";
import { addServer } from "./server-routes.ts";
import { strictHosts } from "./strict-hosts.ts";
import type { Wait } from "./waiting.ts";
import { emptyService, waitFor } from "./waiting.ts";
import { isTakenOver, knownReleases } from "./takeovers.ts";

/** The dynamic file: holds of running switches, taken-over routes, the receiver, certificates, and the answer for unknown hosts. */
export function dynamicConfig(known: RoutingState): DynamicConfig {
  const state = { ...known, server: { ...known.server, strict: strictHosts(known) } };
  const file = new DynamicDraft();
  addServer(file, state.server);
  const base = [
    ...state.live.filter(({ spec }) => !state.switches.some((one) => one.service === spec.service)),
    ...state.switches.flatMap(({ phase, from, to }) => (phase === "held" ? (from ?? []) : to)),
  ].map((release): Routed => ({ release, routing: routingOf(state, release) }));
  // Holds first: when two switches have the same route, the newer release wins.
  for (const one of state.switches) if (one.phase === "held") addHolds(file, state, base, one);
  addFormerHttps(file, state, base);
  for (const one of state.switches)
    if (one.phase === "cut-over") addOldOnlyRoutes(file, state, base, one);
  addTakenOver(file, state, base);
  addStopped(file, state);
  addHttps(file, state, base);
  return file.config(state.server);
}

interface Routed {
  readonly release: Release;
  readonly routing: ReleaseRouting;
}

/** The routers of a release without the routes that another service has taken over. */
function routingOf(state: RoutingState, release: Release): ReleaseRouting {
  const routing = releaseRouting(release, state.server);
  const isOwn = ({ route }: RoutePlan): boolean => !isTakenOver(state, release, route);
  return { ...routing, routers: routing.routers.filter(isOwn) };
}

function addHolds(
  file: DynamicDraft,
  state: RoutingState,
  base: readonly Routed[],
  one: Switch,
): void {
  const to = routingOf(state, one.to).routers;
  const from = one.from === undefined ? [] : routingOf(state, one.from).routers;
  // The old release stops before the new one starts, so requests for its other routes must wait too.
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

/** Routes that only the old release has lead to their next owner, until the old containers and their labels are removed. */
function addOldOnlyRoutes(
  file: DynamicDraft,
  state: RoutingState,
  base: readonly Routed[],
  one: Switch,
): void {
  if (one.from === undefined) return;
  const to = releaseRouting(one.to, state.server).routers;
  for (const plan of releaseRouting(one.from, state.server).routers)
    if (!to.some((other) => isSameRule(other, plan)))
      file.hold(`rest-${plan.name}`, plan, nextTarget(file, state, plan, base));
}

/** Labels cannot change while a container exists. So the file answers for taken-over routes until it is removed. */
function addTakenOver(file: DynamicDraft, state: RoutingState, base: readonly Routed[]): void {
  for (const release of knownReleases(state))
    for (const plan of releaseRouting(release, state.server).routers)
      if (isTakenOver(state, release, plan.route))
        file.hold(`yield-${plan.name}`, plan, nextTarget(file, state, plan, base));
}

/** A stopped service keeps its routes: no less specific route of another service answers there. */
function addStopped(file: DynamicDraft, state: RoutingState): void {
  for (const release of state.stopped ?? [])
    for (const plan of releaseRouting(release, state.server).routers)
      file.hold(`stopped-${plan.name}`, plan, { service: emptyService, middlewares: [] });
}

/** Labels do not know whether a host has a certificate. So the file redirects http, and switches HSTS on. */
function addHttps(file: DynamicDraft, state: RoutingState, base: readonly Routed[]): void {
  for (const one of base)
    for (const plan of one.routing.routers)
      if (plan.isInFile)
        file.hold(`https-${plan.name}`, plan, targetOf(file, state, plan, { ...one, plan }));
}

/** Browsers that know a host over https come back with https. While its certificate is valid, the http service answers them and switches HSTS off. */
function addFormerHttps(file: DynamicDraft, state: RoutingState, base: readonly Routed[]): void {
  for (const { routing } of base)
    for (const plan of routing.routers) {
      if (!isFormerHttps(plan, state)) continue;
      const wanted = httpsSideOf(plan);
      if ((ownerOf(wanted, base) ?? ownerOf(wanted, heldReleases(state))) !== undefined) continue;
      file.hold(`left-${plan.name}`, wanted, formerHttpsTarget(file, state, wanted, base));
    }
}

/** True for an http route at a host with a certificate. */
const isFormerHttps = ({ route: { host, https } }: RoutePlan, { server }: RoutingState): boolean =>
  // A wildcard may cover hosts of others that never had a certificate.
  !https && !host.startsWith("*.") && server.secured?.includes(host) === true;

/** The service on http answers here too, unless its requests wait now. */
function formerHttpsTarget(
  file: DynamicDraft,
  state: RoutingState,
  wanted: RoutePlan,
  base: readonly Routed[],
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
  const service = file.lead(backendOf(routing));
  return { service, middlewares: ["let-go", ...middlewares] };
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
function nextTarget(
  file: DynamicDraft,
  state: RoutingState,
  wanted: RoutePlan,
  base: readonly Routed[],
): Target {
  const owner = ownerOf(wanted, base);
  if (owner !== undefined) return targetOf(file, state, wanted, owner);
  const next = ownerOf(wanted, heldReleases(state));
  const one = state.switches.find(({ to }) => to === next?.release);
  if (one === undefined) return formerHttpsTarget(file, state, wanted, base);
  return waitTarget(file, state, { one, plan: wanted, isNew: true });
}

/** Releases that get ready. */
const heldReleases = (state: RoutingState): readonly Routed[] =>
  state.switches
    .filter(({ phase }) => phase === "held")
    .map(({ to }) => ({ release: to, routing: routingOf(state, to) }));

interface Owner extends Routed {
  readonly plan: RoutePlan;
}

/** The owner of a route now: of all routers that cover it the most specific, then the newest. */
function ownerOf(wanted: RoutePlan, base: readonly Routed[]): Owner | undefined {
  return base
    .flatMap((one) => one.routing.routers.map((plan) => ({ ...one, plan })))
    .filter(({ plan }) => plan.entryPoint === wanted.entryPoint && covers(plan.route, wanted.route))
    .toSorted((a, b) => b.plan.config.priority - a.plan.config.priority)[0];
}

/** The owner's own service, or its wait service while it is stopped for a switch. */
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
  // A redirect needs no server.
  const service = owner.plan.redirects ? emptyService : file.lead(backendOf(owner.routing));
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
