import { UserError } from "../../src/core/errors.ts";
import { releaseTag } from "../../src/core/routing/release-routing.ts";
import type { Release } from "../../src/core/release/release.ts";
import type { RoutingChange } from "../../src/core/routing/routing-change.ts";
import type { Expected } from "../../src/core/routing/traefik-snapshot.ts";
import type { Router } from "../../src/deploy/ports.ts";

export interface FakeRouter {
  readonly router: Router;
  /** The release that requests are given to now; `wait` while they wait. */
  readonly target: () => Release | "wait" | undefined;
}

/** `unseen`: Traefik says that it has taken over the change, but requests go where they went. */
export type Refusal = boolean | "unseen";

/** Traefik and the one dynamic file, in memory; `did` hears of every change, `refuses` names those that it never takes over. */
export function fakeRouter(options: {
  readonly live: Release | "wait" | undefined;
  /** The release of the switch that it begins with. */
  readonly to?: Release;
  readonly did: (what: string) => void;
  readonly refuses?: (change: RoutingChange) => Refusal;
  /** Hears what is waited for. */
  readonly confirming?: (expected: Expected) => void;
  /** Of every answer; 200 when left out. */
  readonly status?: () => number;
}): FakeRouter {
  const { did, refuses = () => false } = options;
  let target: Release | "wait" | undefined = options.live;
  let to = options.to;
  let stuck = false;
  return {
    target: () => target,
    router: {
      apply: async (change) => {
        const refusal = refuses(change);
        stuck = refusal === true;
        if (change.kind === "hold") {
          to = change.to;
          if (refusal === false) target = change.mode === "wait" ? "wait" : change.from;
          did(`hold, ${change.mode}`);
        } else if (change.kind === "cut-over") {
          if (refusal === false) target = to;
          did("cut over");
        } else if (change.kind !== "finished") {
          if (refusal === false) target = undefined;
          did(change.kind);
        } else {
          target = change.live;
          did(`settled on ${change.live?.number ?? "nothing"}`);
        }
      },
      confirm: async (expected: Expected) => {
        options.confirming?.(expected);
        if (stuck) throw new UserError("traefik: did not load the routing within 15 s");
      },
      answeringRelease: async () =>
        target === "wait" || target === undefined
          ? undefined
          : { release: releaseTag(target), status: options.status?.() ?? 200, asked: 1 },
    },
  };
}
