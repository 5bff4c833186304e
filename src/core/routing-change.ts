import type { Release } from "./release.ts";
import type { RoutingState } from "./routing-state.ts";

/** The only ways in which routing changes; the shape of `RoutingChange` in `deploy/ports.ts`. */
type Change =
  | {
      readonly kind: "hold";
      readonly service: string;
      readonly to: Release;
      readonly from: Release | undefined;
      readonly mode: "serving" | "wait";
    }
  | { readonly kind: "cut-over"; readonly service: string }
  | { readonly kind: "settled"; readonly service: string; readonly live: Release | undefined };

/** The state after one change; the same change twice is the same as once. */
export function changeRouting(state: RoutingState, change: Change): RoutingState {
  const { service } = change;
  const others = state.switches.filter((one) => one.service !== service);
  const rest = state.live.filter(({ spec }) => spec.service !== service);
  switch (change.kind) {
    case "hold": {
      const { to, from, mode } = change;
      const held = { service, to, from, mode, phase: "held" } as const;
      return {
        ...state,
        live: from === undefined ? rest : [...rest, from],
        switches: [...others, held],
      };
    }
    case "cut-over": {
      const one = state.switches.find((held) => held.service === service);
      if (one === undefined) throw new Error(`no switch of ${service} to cut over`);
      return {
        ...state,
        live: [...rest, one.to],
        switches: [...others, { ...one, phase: "cut-over" }],
      };
    }
    case "settled":
      return {
        ...state,
        live: change.live === undefined ? rest : [...rest, change.live],
        switches: others,
      };
  }
}
