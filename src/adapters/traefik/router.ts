import { hint, command } from "../../core/hints.ts";
import { isDeepStrictEqual } from "node:util";
import type { Clock, Router } from "../../deploy/ports.ts";
import type { Maintenance, RoutingState, ServerFacts } from "../../core/routing/routing-state.ts";
import type { DynamicConfig } from "../../core/routing/traefik-config.ts";
import type { OwnRequest } from "../../core/metrics/traffic.ts";
import { dynamicYaml } from "../../core/routing/dynamic-yaml.ts";
import { UserError } from "../../core/errors.ts";
import { changeRouting } from "../../core/routing/routing-change.ts";
import { traefikContainerName } from "../../core/release/names.ts";
import { dynamicConfig } from "../../core/routing/dynamic-config.ts";
import {
  differences,
  type Expected,
  type TraefikSnapshot,
} from "../../core/routing/traefik-snapshot.ts";
import { readTraefikSnapshot } from "./api.ts";
import { probeRoute, type EntryAddress } from "./route-probe.ts";

export interface TraefikRouterOptions {
  /** Live releases and unfinished switches at the start. */
  readonly state: RoutingState;
  /** Replaces the dynamic file, atomically and durably. */
  readonly write: (yaml: string) => Promise<void>;
  /** Called again after each error, because a restarted Traefik may have another address. */
  readonly locate: () => Promise<TraefikLocation>;
  /** Causes an event of Docker, so that Traefik reads all containers again. */
  readonly nudge: () => Promise<void>;
  readonly clock: Clock;
  /** Hears what routes answered to mypaas itself. */
  readonly onProbe?: (probe: OwnRequest) => void;
}

export interface TraefikLocation {
  /** Base URL of its API, such as `http://172.20.0.2:8080`. */
  readonly api: string;
  readonly entry: EntryAddress;
}

/** A Router that can also write the file of its current state. */
export interface TraefikRouter extends Router {
  readonly refresh: () => Promise<void>;
  /** Sets facts about certificates and passwords; writes the file only when it changes. */
  readonly serve: (facts: CertificateFacts) => Promise<void>;
  /** Sets the services in maintenance, and waits until Traefik knows them. */
  readonly maintain: (maintenance: readonly Maintenance[]) => Promise<void>;
  readonly state: () => RoutingState;
}

export type CertificateFacts = Partial<
  Pick<ServerFacts, "secured" | "manualCertificates" | "certificateRequests" | "users">
>;

const pollMs = 25;
const nudgeAfterMs = 3_000;
const longestAwayMs = 30_000;
const quicklyBackMs = 2_000;
const awayPollMs = 200;
const maintainTimeoutMs = 15_000;

/** The only writer of the dynamic file: the changes of all services come one after the other. */
export function createTraefikRouter(options: TraefikRouterOptions): TraefikRouter {
  let state = options.state;
  let file: DynamicConfig | undefined;
  let last: Promise<void> = Promise.resolve();

  /** When the write fails, the state does not change. */
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
    apply: (next) => change((now) => changeRouting(now, next)),
    refresh: () => change((now) => now),
    serve: (facts) =>
      change((now) => ({ ...now, server: { ...now.server, ...facts } }), { unlessSame: true }),
    maintain: async (maintenance) => {
      await change((now) => ({ ...now, maintenance }));
      const { instance } = state.server;
      const expected = { routers: [], gone: [], servers: {} };
      const timeoutMs = maintainTimeoutMs;
      await confirm(options, {
        expected,
        timeoutMs,
        signal: undefined,
        instance,
        file: () => file,
      });
    },
    state: () => state,
    confirm: (expected, timeoutMs, signal) => {
      const { instance } = state.server;
      return confirm(options, { expected, timeoutMs, signal, instance, file: () => file });
    },
    answeringRelease: async (route) => {
      const here = await options.locate().catch(() => undefined);
      const closed = state.maintenance?.find(({ service }) => service === route.service);
      return (
        here && probeRoute(here.entry, route, { pass: closed?.pass, onProbe: options.onProbe })
      );
    },
  };
}

interface Confirmation {
  readonly expected: Expected;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
  readonly instance: string;
  readonly file: () => DynamicConfig | undefined;
}

async function confirm(
  { clock, locate, nudge }: TraefikRouterOptions,
  { expected, timeoutMs, signal, instance, file }: Confirmation,
): Promise<void> {
  const begun = clock.now();
  const read = snapshotReader(locate);
  let nudges = 0;
  let awayMs = 0;
  let pauseMs = pollMs;
  let nudgeErrors: readonly string[] = [];
  for (;;) {
    const before = clock.now();
    const seen = await compare(read, expected, file());
    if (seen.missing.length === 0) return;
    const now = clock.now();
    // A restarting Traefik closes slowly, and reads everything before it takes over a route.
    if (seen.away !== undefined) awayMs = Math.min(awayMs + now - before + pauseMs, longestAwayMs);
    if (now - begun >= timeoutMs + awayMs) {
      const details = [...seen.missing, ...nudgeErrors];
      throw notLoaded(instance, now - begun, { code: seen.away ?? "routing", details });
    }
    // Traefik reads Docker's events only. A new event makes up for a lost one.
    if (seen.away === undefined && now - begun >= nudgeAfterMs * (nudges + 1)) {
      nudges += 1;
      // The nudge may fail: only Traefik's answer decides.
      await nudge().catch((error: unknown) => {
        nudgeErrors = [`docker could not send an event: ${describe(error)}`];
      });
    }
    // One that is away for long need not be looked for so often.
    pauseMs = seen.away === undefined || awayMs < quicklyBackMs ? pollMs : awayPollMs;
    await clock.sleep(pauseMs, signal);
  }
}

const notLoaded = (instance: string, ms: number, more: { code: string; details: string[] }) =>
  new UserError(`traefik: did not load the routing within ${Math.round(ms / 1000)} s`, {
    ...more,
    hint:
      more.code === "traefik-away"
        ? hint`start it: sudo ${command("init")}`
        : `read its log: docker logs ${traefikContainerName(instance)}`,
  });

/** Locates Traefik once, and again after an error. */
function snapshotReader(locate: TraefikRouterOptions["locate"]): () => Promise<TraefikSnapshot> {
  let base: string | undefined;
  return async () => {
    base ??= (await locate()).api;
    try {
      return await readTraefikSnapshot(base);
    } catch (error) {
      base = undefined;
      throw error;
    }
  };
}

/** `away`: the code of the error when Traefik's state could not be read. */
async function compare(
  read: () => Promise<TraefikSnapshot>,
  expected: Expected,
  file: DynamicConfig | undefined,
): Promise<{ readonly missing: readonly string[]; readonly away?: string }> {
  try {
    return { missing: differences(await read(), expected, file) };
  } catch (error) {
    const missing = [`Traefik's API does not answer: ${describe(error)}`];
    return { missing, away: error instanceof UserError ? error.code : "traefik-silent" };
  }
}

const describe = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);
