import { UserError } from "../../core/errors.ts";
import { instancePaths, traefikApiPort, type InstanceConfig } from "../../core/server/instance.ts";
import { traefikUid } from "../../core/server/uids.ts";
import { reachableAt } from "../../core/server/listening.ts";
import { urlsAndTrust } from "../../core/server/trusted-proxies.ts";
import { changeRouting } from "../../core/routing/routing-change.ts";
import type { RoutingState } from "../../core/routing/routing-state.ts";
import { storedTakeovers } from "../../core/routing/takeovers.ts";
import { apiNetworkName, networkName, traefikContainerName } from "../../core/release/names.ts";
import { createNameHandovers } from "../../deploy/name-handover.ts";
import type { Clock, Meter } from "../../deploy/ports.ts";
import type { OwnRequest } from "../../core/metrics/traffic.ts";
import { readIdentity } from "../../adapters/host/certificate.ts";
import { readIfThere, writeFileAtomic } from "../../adapters/files.ts";
import { liveReleases, stoppedReleases } from "../../adapters/state/releases.ts";
import { readMaintenance } from "../../adapters/state/maintenance.ts";
import { readRegistries } from "../../adapters/state/registries.ts";
import type { State } from "../../adapters/state/state.ts";
import { readUsers } from "../../adapters/state/users.ts";
import {
  createTraefikRouter,
  type TraefikLocation,
  type TraefikRouter,
} from "../../adapters/traefik/router.ts";
import { storedCertificates } from "../certificates/server-facts.ts";
import { interruptedChanges } from "./interrupted.ts";
import type { Streams } from "../logs/streams.ts";
import type { DeployTools } from "./deploy-context.ts";
import { command, hint } from "../../core/hints.ts";

export interface ToolParts {
  readonly state: State;
  readonly config: InstanceConfig;
  readonly clock: Clock;
  readonly random: (bytes: number) => Buffer;
  readonly engineSocket: string;
  readonly isRoot: boolean;
  /** Hears what routes answered to mypaas itself. */
  readonly onProbe?: (request: OwnRequest) => void;
}

/** Opens the one writer of Traefik's dynamic file. It begins with the live releases and with the switches that an earlier worker left in the middle; it calls Docker only to find Traefik. */
export async function openRouter(parts: ToolParts): Promise<TraefikRouter> {
  const { state, config, clock, engineSocket } = parts;
  const { instance, httpsPort } = config;
  const paths = instancePaths(config);
  const pem = await readIfThere(paths.identity);
  const identity = pem === undefined ? undefined : readIdentity(pem.toString("utf8"));
  const { certificate: cert, privateKey: key } = identity ?? {};
  const certificate = cert !== undefined && key !== undefined ? { certificate: { cert, key } } : {};
  // The file holds the key of the server's certificate, so only Traefik may read it.
  const owner = { uid: traefikUid, gid: traefikUid };
  const access = { mode: 0o400, ...(parts.isRoot && { owner }) };
  const live = liveReleases(state).map(({ release }) => release);
  const settled: RoutingState = {
    server: {
      instance,
      httpsPort,
      server: config.server,
      ...urlsAndTrust(config),
      ...certificate,
      ...storedCertificates(state, clock.now()),
      users: readUsers(state),
    },
    live,
    switches: [],
    stopped: stoppedReleases(state).map(({ release }) => release),
    takeovers: storedTakeovers(live),
    maintenance: readMaintenance(state),
  };
  return createTraefikRouter({
    state: interruptedChanges(state).reduce(changeRouting, settled),
    // Traefik reads everything again at each event in the file's folder, so the next one is written outside of it.
    write: (yaml) => writeFileAtomic(paths.dynamicFile, yaml, access, paths.dynamicNext),
    locate: () => locateTraefik(config, engineSocket),
    nudge: async () => {
      const { nudgeTraefik } = await import("../../adapters/engines/docker/nudge.ts");
      await nudgeTraefik({ socketPath: engineSocket, instance, image: config.traefikImage });
    },
    clock,
    ...(parts.onProbe !== undefined && { onProbe: parts.onProbe }),
  });
}

/** Asks Docker where Traefik is now; throws UserError "traefik-away" when it does not run. */
export async function locateTraefik(
  config: InstanceConfig,
  socketPath: string,
): Promise<TraefikLocation> {
  const { instance, httpPort, httpsPort } = config;
  const { createInfra } = await import("../../adapters/engines/docker/infra.ts");
  const infra = createInfra({ instance, socketPath });
  const name = traefikContainerName(instance);
  const addressOn = async (network: string) =>
    (await infra.inspectNetwork(network))?.containers[name];
  const api = await addressOn(apiNetworkName(instance));
  const address = await addressOn(networkName(instance));
  if (api === undefined || address === undefined) {
    throw new UserError(`traefik: container ${name} does not run`, {
      code: "traefik-away",
      hint: hint`start it: sudo ${command("init")}`,
    });
  }
  return {
    api: `http://${api}:${traefikApiPort}`,
    entry: { host: reachableAt(config), httpPort, httpsPort },
  };
}

/** Opens the parts of a deploy that are heavy to load; called when the first job runs. */
export async function openTools(
  parts: ToolParts,
  router: TraefikRouter,
  { streams, meter }: { readonly streams: Pick<Streams, "drained">; readonly meter: Meter },
): Promise<DeployTools> {
  const { config, clock, random, engineSocket: socketPath } = parts;
  const [{ createEngine }, { createBuilder }, context] = await Promise.all([
    import("../../adapters/engines/docker/engine.ts"),
    import("../../adapters/engines/docker/build.ts"),
    import("../../deploy/deploy.ts"),
  ]);
  return {
    engine: createEngine({ instance: config.instance, socketPath, beforeRemoval: streams.drained }),
    builder: createBuilder({
      socketPath,
      now: clock.now,
      random,
      logins: () => readRegistries(parts.state),
    }),
    router,
    meter,
    nameHandovers: createNameHandovers(),
    deploy: context.deploy,
  };
}
