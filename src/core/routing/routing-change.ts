import type { Release } from "../release/release.ts";
import type { RoutingState, Switch } from "./routing-state.ts";
import { forgetOldTakeovers, undoTakeovers, takeOver } from "./takeovers.ts";

/** All changes of routing. The writer of the dynamic file applies those of all services. */
export type RoutingChange =
  | ({ readonly kind: "hold" } & Omit<Switch, "phase">)
  | { readonly kind: "cut-over"; readonly service: string }
  | { readonly kind: "stopped"; readonly service: string; readonly release: Release }
  | { readonly kind: "removed"; readonly service: string }
  | { readonly kind: "finished"; readonly service: string; readonly live: Release | undefined };

/** The state after one change; safe to repeat. */
export function changeRouting(state: RoutingState, change: RoutingChange): RoutingState {
  const { service } = change;
  const others = state.switches.filter((one) => one.service !== service);
  const rest = state.live.filter(({ spec }) => spec.service !== service);
  const stopped = (state.stopped ?? []).filter(({ spec }) => spec.service !== service);
  switch (change.kind) {
    case "hold": {
      const { to, from, mode } = change;
      const held = { service, to, from, mode, phase: "held" } as const;
      // After a failed cut-over: returns the routes that it took over.
      return {
        ...undoTakeovers(state, to),
        live: from === undefined ? rest : [...rest, from],
        switches: [...others, held],
      };
    }
    case "cut-over": {
      const one = state.switches.find((held) => held.service === service);
      if (one === undefined) throw new Error(`no switch of ${service} to cut over`);
      const cut = takeOver(state, one.to);
      return {
        ...cut,
        stopped,
        live: [...rest, one.to],
        switches: [...others, { ...one, phase: "cut-over" }],
      };
    }
    case "stopped":
      return {
        ...forgetOldTakeovers({ ...state, live: rest, switches: others }),
        stopped: [...stopped, change.release],
      };
    case "removed":
      return {
        ...forgetOldTakeovers({ ...state, live: rest, switches: others }),
        stopped,
        ...(state.maintenance !== undefined && {
          maintenance: state.maintenance.filter((one) => one.service !== service),
        }),
      };
    case "finished": {
      const { live } = change;
      const to = state.switches.find((one) => one.service === service)?.to;
      const isBack = to !== undefined && to.number !== live?.number;
      return forgetOldTakeovers({
        ...(isBack ? undoTakeovers(state, to) : state),
        live: live === undefined ? rest : [...rest, live],
        switches: others,
        // After a failed start the service stays stopped.
        ...(live === undefined ? {} : { stopped }),
      });
    }
  }
}
