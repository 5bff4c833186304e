import { isDeepStrictEqual } from "node:util";
import type { Clock, Router } from "../../deploy/ports.ts";
import type { RoutingChange } from "../../core/routing/routing-change.ts";
import type { RoutingState, ServerFacts } from "../../core/routing/routing-state.ts";
import type { Expected, TraefikSnapshot } from "../../core/routing/traefik-snapshot.ts";
import type { DynamicConfig } from "../../core/routing/traefik-config.ts";
import type { EntryAddress } from "./question.ts";
import { dynamicYaml } from "../../core/routing/dynamic-yaml.ts";
import { UserError } from "../../core/errors.ts";
import { changeRouting } from "../../core/routing/routing-change.ts";
import { traefikContainerName } from "../../core/release/names.ts";
import { dynamicConfig } from "../../core/routing/dynamic-config.ts";
import { differences } from "../../core/routing/traefik-snapshot.ts";
import { askTraefik } from "./api.ts";
import { askRoute } from "./question.ts";
import { command, hint } from "../../core/hints.ts";

export interface TraefikRouterOptions {
  /** Live releases and unfinished switches to begin with. */
  readonly state: RoutingState;
  /** Puts the text in the place of the dynamic file, atomically and durably. */
  readonly write: (yaml: string) => Promise<void>;
  /** Asked again and again, because a restarted Traefik may have other addresses. */
  readonly locate: () => Promise<TraefikLocation>;
  /** Makes Docker tell Traefik something, so that it looks again at all containers. */
  readonly nudge: () => Promise<void>;
  readonly clock: Clock;
}

export interface TraefikLocation {
  /** Base of its API, such as `http://172.20.0.2:8080`. */
  readonly api: string;
  readonly entry: EntryAddress;
  /** Its addresses on the network of the services. */
  readonly addresses: readonly string[];
}

/** A Router that also writes the file of the state it has, for a worker that starts. */
export interface TraefikRouter extends Router {
  readonly refresh: () => Promise<void>;
  /** Takes over what is known of certificates; nothing is written where that is known already. */
  readonly serve: (facts: CertificateFacts) => Promise<void>;
  readonly state: () => RoutingState;
}

export type CertificateFacts = Partial<Pick<ServerFacts, "secured" | "ownCertificates" | "asking">>;

const pollMs = 25;
const nudgeAfterMs = 3_000;
const longestAwayMs = 30_000;

/** The one writer of the dynamic file: all switches of all services go through it, one change after the other. */
export function createTraefikRouter(options: TraefikRouterOptions): TraefikRouter {
  let state = options.state;
  let file: DynamicConfig | undefined;
  let last: Promise<void> = Promise.resolve();
  /** A Traefik that is away just now has no connections any more, or still those that it had. */
  let seen: readonly string[] = [];
  const locate = async (): Promise<TraefikLocation> => {
    const here = await options.locate();
    seen = here.addresses;
    return here;
  };

  /** A change that could not be written has not happened. */
  const change = (
    next: (now: RoutingState) => RoutingState,
    { unlessSame = false } = {},
  ): Promise<void> => {
    const write = async (): Promise<void> => {
      const wanted = next(state);
      const config = dynamicConfig(wanted);
      const isSame = unlessSame && file !== undefined && isDeepStrictEqual(config, file);
      if (!isSame) await options.write(dynamicYaml(config));
      state = wanted;
      file = config;
    };
    const done = last.then(write);
    last = done.catch(() => {});
    return done;
  };

  return {
    apply: (asked: RoutingChange) => change((now) => changeRouting(now, asked)),
    refresh: () => change((now) => now),
    serve: (facts) =>
      change((now) => ({ ...now, server: { ...now.server, ...facts } }), { unlessSame: true }),
    state: () => state,
    confirm: (expected, timeoutMs, signal) => {
      const { instance } = state.server;
      return confirm(options, { expected, timeoutMs, signal, instance, file: () => file });
    },
    whoAnswers: async (route) => {
      const here = await locate().catch(() => undefined);
      return here && askRoute(here.entry, route);
    },
    addresses: async () => {
      const here = await locate().catch(() => undefined);
      return here?.addresses ?? seen;
    },
  };
}

interface Question {
  readonly expected: Expected;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
  readonly instance: string;
  readonly file: () => DynamicConfig | undefined;
}

async function confirm(
  { clock, locate, nudge }: TraefikRouterOptions,
  { expected, timeoutMs, signal, instance, file }: Question,
): Promise<void> {
  const begun = clock.now();
  const ask = asker(locate);
  let nudges = 0;
  let awayMs = 0;
  let unheard: string | undefined;
  for (;;) {
    const before = clock.now();
    const seen = await look(ask, expected, file());
    if (seen.missing.length === 0) return;
    const now = clock.now();
    // A Traefik that is being restarted closes slowly and has to read everything before it can take over anything.
    if (seen.away !== undefined) awayMs = Math.min(awayMs + now - before + pollMs, longestAwayMs);
    if (now - begun >= timeoutMs + awayMs) {
      const details = unheard === undefined ? seen.missing : [...seen.missing, unheard];
      throw notTaken({ instance, ms: now - begun, code: seen.away ?? "routing", details });
    }
    // Traefik listens to Docker's events only; one that got lost is made up for by the next.
    if (seen.away === undefined && now - begun >= nudgeAfterMs * (nudges + 1)) {
      nudges += 1;
      // Only a help: whether the routing is there is for Traefik to say.
      await nudge().catch((error: unknown) => {
        unheard = `docker could not be made to tell it again: ${describe(error)}`;
      });
    }
    await clock.sleep(pollMs, signal);
  }
}

interface NotTaken {
  readonly instance: string;
  readonly ms: number;
  readonly code: string;
  readonly details: readonly string[];
}

const notTaken = ({ instance, ms, code, details }: NotTaken): UserError =>
  new UserError(`traefik: did not take over the routing within ${Math.round(ms / 1000)} s`, {
    code,
    hint:
      code === "traefik-away"
        ? hint`start it: sudo ${command("init")}`
        : `look at what it says with: docker logs ${traefikContainerName(instance)}`,
    details,
  });

/** Asks where Traefik is only once, and again after it did not answer there. */
function asker(locate: TraefikRouterOptions["locate"]): () => Promise<TraefikSnapshot> {
  let base: string | undefined;
  return async () => {
    base ??= (await locate()).api;
    try {
      return await askTraefik(base);
    } catch (error) {
      base = undefined;
      throw error;
    }
  };
}

interface Look {
  readonly missing: readonly string[];
  /** Why nothing could be seen: the code of the error. */
  readonly away?: string;
}

async function look(
  ask: () => Promise<TraefikSnapshot>,
  expected: Expected,
  file: DynamicConfig | undefined,
): Promise<Look> {
  try {
    return { missing: differences(await ask(), expected, file) };
  } catch (error) {
    const code = error instanceof UserError ? error.code : undefined;
    return {
      missing: [`its API does not answer: ${describe(error)}`],
      away: code ?? "traefik-silent",
    };
  }
}

const describe = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);
