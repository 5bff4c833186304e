import type { Say } from "../core/wire/events.ts";
import type { InstanceConfig } from "../core/server/instance.ts";
import type { Release } from "../core/release/release.ts";
import type { Afterwards } from "./afterwards.ts";
import type { Clock, Connections, Engine, Journal, Meter, Probe, Router } from "./ports.ts";
import { switchWay, type SwitchWay } from "../core/release/switch-way.ts";

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
  readonly meter: Meter;
  readonly say: Say;
  readonly afterwards: Afterwards;
}

/** One switch from a release to the next, with what was decided about it before anything was done. */
export interface Story extends DeployInput, DeployPorts, SwitchWay {
  readonly service: string;
}

/** Opens the story of a switch, which goes the way that is decided here once. */
export function openStory(input: DeployInput, ports: DeployPorts): Story {
  const { release, from } = input;
  return { ...input, ...ports, service: release.spec.service, ...switchWay(from, release) };
}
