import type { Say } from "../core/wire/events.ts";
import type { InstanceConfig } from "../core/server/instance.ts";
import type { Release } from "../core/release/release.ts";
import type { RouteSpec } from "../core/release/spec.ts";
import type { Afterwards } from "./afterwards.ts";
import type { Clock, Connections, Engine, Journal, Probe, Router } from "./ports.ts";
import { stopsOldFirst } from "../core/release/spec.ts";

export interface DeployInput {
  /** Its image is built already. */
  readonly release: Release;
  /** What is live now. */
  readonly from: Release | undefined;
  /** Heeded until the cut-over: what came before is undone. */
  readonly signal: AbortSignal;
  /** The server it runs on; its ports stand in the addresses that `live` names. */
  readonly server: Pick<InstanceConfig, "instance" | "httpPort" | "httpsPort">;
}

export interface DeployPorts {
  readonly engine: Engine;
  readonly router: Router;
  readonly journal: Journal;
  readonly clock: Clock;
  readonly probe: Probe;
  readonly connections: Connections;
  readonly say: Say;
  readonly afterwards: Afterwards;
}

/** One switch from a release to the next, with what was decided about it before anything was done. */
export interface Story extends DeployInput, DeployPorts {
  readonly service: string;
  /** The old release stops before the new one starts. */
  readonly oldFirst: boolean;
  /** Traefik has anything to do with it. */
  readonly isRouted: boolean;
  /** Nobody serves some route meanwhile, so its requests wait for the name of whoever is ready first. */
  readonly someWait: boolean;
}

/** Decides how the switch goes. */
export function openStory(input: DeployInput, ports: DeployPorts): Story {
  const { release, from } = input;
  const oldFirst = from !== undefined && stopsOldFirst(release.spec);
  const served = new Set(oldFirst ? [] : from?.spec.routes.map(routeKey));
  return {
    ...input,
    ...ports,
    service: release.spec.service,
    oldFirst,
    isRouted: release.spec.routes.length + (from?.spec.routes.length ?? 0) > 0,
    someWait: release.spec.routes.some((route) => !served.has(routeKey(route))),
  };
}

const routeKey = (route: RouteSpec): string => `${route.host}${route.path} ${route.https}`;
