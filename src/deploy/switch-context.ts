import type { Say } from "../core/wire/events.ts";
import type { InstanceConfig } from "../core/server/instance.ts";
import type { Release } from "../core/release/release.ts";
import type { NameHandovers } from "./name-handover.ts";
import type { Clock, Engine, Journal, Meter, Router } from "./ports.ts";
import { switchWay, type SwitchWay } from "../core/release/switch-way.ts";

export interface DeployInput {
  /** Its image is built already. */
  readonly release: Release;
  /** The release that is live now. */
  readonly from: Release | undefined;
  /** Cancels the deploy until the cut-over; everything before it is undone then. */
  readonly signal: AbortSignal;
  /** The server it runs on; its ports stand in the addresses that `live` names. */
  readonly server: Pick<InstanceConfig, "instance" | "httpPort" | "httpsPort">;
}

export interface DeployPorts {
  readonly engine: Engine;
  readonly router: Router;
  readonly journal: Journal;
  readonly clock: Clock;
  readonly meter: Meter;
  readonly say: Say;
  readonly nameHandovers: NameHandovers;
}

/** One switch from a release to the next, with the decisions that were made before anything was done. */
export interface SwitchContext extends DeployInput, DeployPorts, SwitchWay {
  readonly service: string;
}

/** Decides once how a switch goes, before anything is done. */
export function openSwitch(input: DeployInput, ports: DeployPorts): SwitchContext {
  const { release, from } = input;
  return { ...input, ...ports, service: release.spec.service, ...switchWay(from, release) };
}
