import type { Infra } from "../../adapters/engines/docker/infra.ts";
import { readTraefikSnapshot } from "../../adapters/traefik/api.ts";
import { requestPinned } from "../../adapters/host/pinned-request.ts";
import { UserError } from "../../core/errors.ts";
import { traefikApiPort, type InstanceConfig } from "../../core/server/instance.ts";
import { bindsOf, reachable, relayedOn } from "../../core/server/listening.ts";
import {
  apiNetworkName,
  receiverContainerName,
  relayContainerName,
  traefikContainerName,
} from "../../core/release/names.ts";
import type { TraefikSnapshot } from "../../core/routing/traefik-snapshot.ts";
import { wireBase } from "../../core/wire/protocol.ts";
import type { Clock } from "../../deploy/ports.ts";

interface Endpoints {
  readonly config: InstanceConfig;
  readonly pin: string;
  readonly infra: Infra;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

const timeoutMs = 30_000;

/** A worker that does not run shows Traefik no containers. */
const labelsTimeoutMs = 15_000;

/** Waits until Traefik answers on its own network; throws UserError when it does not. */
export async function awaitTraefik(endpoints: Endpoints): Promise<void> {
  const { config, clock, signal } = endpoints;
  const name = traefikContainerName(config.instance);
  await until({ clock, signal, what: "traefik: does not answer", container: name }, async () => {
    const api = await apiOf(endpoints);
    if (api === undefined) return `container ${name} has no address, it may have stopped`;
    const answer = await fetch(`${api}/ping`, { signal: AbortSignal.timeout(2000) });
    return answer.ok ? undefined : `its ping answers ${answer.status}`;
  });
}

/** Waits until a new Traefik has the routes of the containers that run: before, their visitors get the 503 for unknown hosts. False when it has not after 15 s. */
export async function awaitLabels(endpoints: Endpoints): Promise<boolean> {
  const { infra, clock, signal } = endpoints;
  const begun = clock.now();
  for (;;) {
    const wanted = await infra.labelledRouters();
    const routers = wanted.length === 0 ? {} : await loadedRouters(endpoints);
    if (wanted.every((name) => routers[`${name}@docker`] !== undefined)) return true;
    if (clock.now() - begun > labelsTimeoutMs) return false;
    await clock.sleep(200, signal);
  }
}

const loadedRouters = async (endpoints: Endpoints): Promise<TraefikSnapshot["routers"]> => {
  const api = await apiOf(endpoints);
  return api === undefined ? {} : (await readTraefikSnapshot(api).catch(() => none)).routers;
};
const none: TraefikSnapshot = { routers: {}, services: {} };

/** The address of Traefik's API; undefined while its container has none. */
async function apiOf({ config, infra }: Endpoints): Promise<string | undefined> {
  const network = await infra.inspectNetwork(apiNetworkName(config.instance));
  const address = network?.containers[traefikContainerName(config.instance)];
  return address === undefined ? undefined : `http://${address}:${traefikApiPort}`;
}

/** Waits until the receiver answers through Traefik, with the certificate that laptops pin, on the port that they use, at each address. */
export async function awaitReceiver(endpoints: Endpoints): Promise<void> {
  const { config, pin, clock, signal } = endpoints;
  const container = receiverContainerName(config.instance);
  for (const bind of bindsOf(config)) {
    const ask = async () => {
      const at = { address: reachable(bind), port: config.httpsPort, path: `${wireBase}/` };
      const serverName = `${config.server}.mypaas.invalid`;
      const answer = await requestPinned({ ...at, serverName, pin });
      // Traefik's own refusals are no JSON, the receiver's answers all are.
      return answer.type.startsWith("application/json")
        ? undefined
        : `port ${config.httpsPort} answers with status ${answer.status}`;
    };
    const isRelayed = relayedOn(config).includes(bind);
    const what = `${isRelayed ? `relay on ${bind}` : "receiver"}: does not answer`;
    const name = isRelayed ? relayContainerName(config.instance) : container;
    // oxlint-disable-next-line no-await-in-loop
    await until({ clock, signal, what, container: name }, ask);
  }
}

interface Waiting extends Pick<Endpoints, "clock" | "signal"> {
  readonly what: string;
  readonly container: string;
}

/** Asks until the answer is undefined; any other answer or error says what is still wrong. */
async function until(
  { clock, signal, what, container }: Waiting,
  ask: () => Promise<string | undefined>,
): Promise<void> {
  const begun = clock.now();
  for (;;) {
    // oxlint-disable-next-line no-await-in-loop
    const wrong = await ask().catch((error: unknown) => reasonOf(error));
    if (wrong === undefined) return;
    if (clock.now() - begun > timeoutMs)
      throw new UserError(`${what} within ${timeoutMs / 1000} s: ${wrong}`, {
        code: "no-answer",
        hint: `see its log: docker logs ${container}`,
      });
    // oxlint-disable-next-line no-await-in-loop
    await clock.sleep(200, signal);
  }
}

/** `fetch` hides the reason behind "fetch failed". */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
}
