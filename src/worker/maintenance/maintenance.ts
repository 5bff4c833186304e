import { command, hint } from "../../core/hints.ts";
import { UserError } from "../../core/errors.ts";
import type { ActionOf } from "../../core/actions/actions.ts";
import type { MaintenanceInfo } from "../../core/actions/maintenance.ts";
import {
  beginMaintenance,
  endMaintenance,
  maintenanceOf,
  readMaintenance,
} from "../../adapters/state/maintenance.ts";
import { currentRelease } from "../../adapters/state/releases.ts";
import type { State } from "../../adapters/state/state.ts";
import type { TraefikRouter } from "../../adapters/traefik/router.ts";
import { refuseUnknownService } from "../accept/known-service.ts";

/** The container that serves the page. */
export interface PagePorts {
  readonly ensure: () => Promise<unknown>;
  readonly remove: () => Promise<unknown>;
}

export interface MaintenanceParts {
  readonly state: State;
  readonly router: Pick<TraefikRouter, "maintain">;
  readonly page: PagePorts;
  readonly now: () => number;
  readonly random: (bytes: number) => Buffer;
}

/** What a maintenance does: the page is there before its routes lead to it, and until none does. */
export interface MaintenanceControl {
  readonly show: (service: string) => MaintenanceInfo;
  readonly set: (wanted: ActionOf<"maintenance.set">) => Promise<MaintenanceInfo>;
  /** Makes the page where the state wants one, for a worker that starts. */
  readonly start: () => Promise<void>;
}

const passBytes = 16;

/** Switches the maintenance of services; one change comes after the other. */
export function openMaintenance(parts: MaintenanceParts): MaintenanceControl {
  let last: Promise<unknown> = Promise.resolve();
  return {
    show: (service) => {
      refuseUnknownService(parts.state, service, command("ps"));
      return infoOf(parts.state, service);
    },
    set: (wanted) => {
      const done = last.then(() => change(parts, wanted));
      last = done.catch(() => undefined);
      return done;
    },
    start: async () => {
      if (readMaintenance(parts.state).length > 0) await alignPage(parts);
    },
  };
}

async function change(
  parts: MaintenanceParts,
  { service, on, text }: ActionOf<"maintenance.set">,
): Promise<MaintenanceInfo> {
  const { state, router, now, random } = parts;
  refuseUnknownService(state, service, command("ps"));
  const known = maintenanceOf(state, service);
  if (on === true) {
    refuseWithoutRoute(state, service);
    const pass = random(passBytes).toString("hex");
    const said = text ?? known?.text ?? "";
    beginMaintenance(state, { service, text: said, since: now(), pass });
  } else endMaintenance(state, service);
  const trouble = on === true ? await alignPage(parts) : undefined;
  try {
    await router.maintain(readMaintenance(state));
  } catch (error) {
    // What the file does not say must not come true at the next start of the worker.
    if (known === undefined) endMaintenance(state, service);
    else beginMaintenance(state, known);
    await router.maintain(readMaintenance(state)).catch(() => undefined);
    throw error;
  }
  if (on !== true) await alignPage(parts);
  return { ...infoOf(state, service), ...(trouble !== undefined && { trouble }) };
}

function refuseWithoutRoute(state: State, service: string): void {
  const current = currentRelease(state, service);
  if (current !== undefined && current.release.spec.routes.length > 0) return;
  throw new UserError(`maintenance ${service}: the service has no route that could answer`, {
    code: "no-route",
    hint: hint`see what runs: ${command(`ps ${service}`)}`,
  });
}

/** Makes the container of the page, or removes it where nothing is in maintenance; returns what went wrong. */
async function alignPage({ state, page }: MaintenanceParts): Promise<string | undefined> {
  try {
    await (readMaintenance(state).length > 0 ? page.ensure() : page.remove());
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function infoOf(state: State, service: string): MaintenanceInfo {
  const known = maintenanceOf(state, service);
  if (known === undefined) return { service, on: false };
  return { service, on: true, since: known.since, text: known.text };
}
