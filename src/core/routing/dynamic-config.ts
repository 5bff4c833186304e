import type { Release } from "../release/release.ts";
import type { RoutingState, ServerFacts, Switch } from "./routing-state.ts";
import type { ReleaseRouting, RoutePlan } from "./release-routing.ts";
import type { DynamicConfig } from "./traefik-config.ts";
import type { Target } from "./dynamic-draft.ts";
import { DynamicDraft } from "./dynamic-draft.ts";
import { receiverPort } from "../server/instance.ts";
import { receiverContainerName } from "../release/names.ts";
import { releaseRouting } from "./release-routing.ts";
import { covers, routeRule } from "./routes.ts";
import { nobody, waitFor } from "./waiting.ts";
import { wireBase } from "../wire/protocol.ts";

/** The certificate resolver's name, the same in `traefik/traefik.yml`. */
export const acmeResolver = "acme";

/** Above every hold; hosts and paths are at most some hundred characters long. */
const receiverPriority = 1_000_000_000_000;

/** The dynamic file: holds of every switch in progress, the receiver, certificates and the answer where nobody lives. */
export function dynamicConfig(state: RoutingState): DynamicConfig {
  const file = new DynamicDraft();
  addServer(file, state.server);
  const base = [
    ...state.live.filter(({ spec }) => !state.switches.some((one) => one.service === spec.service)),
    ...state.switches.flatMap(({ phase, from, to }) => (phase === "held" ? (from ?? []) : to)),
  ].map((release): Answering => ({ release, routing: releaseRouting(release, state.server) }));
  // Holds first: where two switches speak about one place, the release that comes outranks the one that goes.
  for (const one of state.switches) if (one.phase === "held") addHolds(file, state, base, one);
  for (const one of state.switches) if (one.phase === "cut-over") addRest(file, state, base, one);
  return file.config(state.server.certificate);
}

interface Answering {
  readonly release: Release;
  readonly routing: ReleaseRouting;
}

function addHolds(
  file: DynamicDraft,
  state: RoutingState,
  base: readonly Answering[],
  one: Switch,
): void {
  const to = releaseRouting(one.to, state.server).routers;
  const from = one.from === undefined ? [] : releaseRouting(one.from, state.server).routers;
  // The old release stops before the new one is there, so what only the old one has must wait as well.
  const gone =
    one.mode === "wait" ? from.filter((old) => !to.some((plan) => samePlace(plan, old))) : [];
  for (const plan of [...to, ...gone]) {
    const owner = ownerOf(plan, base);
    const target =
      owner === undefined ? waitAt(file, state, one, plan) : answerOf(file, state, owner);
    file.hold(`hold-${plan.name}`, plan, target);
  }
}

/** Routes that only the old release has lead to whoever owns them next, until the old containers and their labels are gone. */
function addRest(
  file: DynamicDraft,
  state: RoutingState,
  base: readonly Answering[],
  one: Switch,
): void {
  if (one.from === undefined) return;
  const to = releaseRouting(one.to, state.server).routers;
  for (const plan of releaseRouting(one.from, state.server).routers) {
    if (to.some((other) => samePlace(other, plan))) continue;
    const owner = ownerOf(plan, base);
    const target =
      owner === undefined ? { service: nobody, middlewares: [] } : answerOf(file, state, owner);
    file.hold(`rest-${plan.name}`, plan, target);
  }
}

interface Owner extends Answering {
  readonly plan: RoutePlan;
}

/** Who answers the requests of a place now: of all routers that cover it the most specific, then the newest. */
function ownerOf(place: RoutePlan, base: readonly Answering[]): Owner | undefined {
  return base
    .flatMap((one) => one.routing.routers.map((plan) => ({ ...one, plan })))
    .filter(({ plan }) => plan.entryPoint === place.entryPoint && covers(plan.route, place.route))
    .toSorted((a, b) => b.plan.config.priority - a.plan.config.priority)[0];
}

/** The owner itself through its label service, or its wait while it has stopped for its own switch. */
function answerOf(file: DynamicDraft, state: RoutingState, owner: Owner): Target {
  const own = state.switches.find(({ service }) => service === owner.release.spec.service);
  if (own?.phase === "held" && own.mode === "wait") return waitAt(file, state, own, owner.plan);
  const middlewares = owner.plan.config.middlewares ?? [];
  file.copy(owner.routing, middlewares);
  return { service: `${owner.routing.service}@docker`, middlewares };
}

function waitAt(file: DynamicDraft, state: RoutingState, one: Switch, place: RoutePlan): Target {
  const { target, ...parts } = waitFor(one, place, state.server);
  file.add(parts);
  return target;
}

function samePlace(a: RoutePlan, b: RoutePlan): boolean {
  return a.entryPoint === b.entryPoint && a.config.rule === b.config.rule;
}

function addServer(file: DynamicDraft, server: ServerFacts): void {
  const receiver = `http://${receiverContainerName(server.instance)}:${receiverPort}`;
  file.add({
    services: {
      [nobody]: { loadBalancer: { servers: [] } },
      receiver: { loadBalancer: { servers: [{ url: receiver }] } },
    },
  });
  file.route("receiver", {
    entryPoints: ["websecure"],
    rule: `PathPrefix(\`${wireBase}/\`)`,
    priority: receiverPriority,
    service: "receiver",
    tls: {},
  });
  const catchAll = { rule: "PathPrefix(`/`)", priority: 1, service: nobody };
  file.route("nobody-http", { entryPoints: ["web"], ...catchAll });
  file.route("nobody-https", { entryPoints: ["websecure"], ...catchAll, tls: {} });
  for (const host of server.certificateHosts ?? [])
    // Only asks for the certificate: everything else outranks it.
    file.route(`certificate-${host}`, {
      entryPoints: ["websecure"],
      rule: routeRule({ host, path: "" }),
      priority: 2,
      service: nobody,
      tls: { certResolver: acmeResolver },
    });
}
