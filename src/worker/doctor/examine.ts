import { dynamicConfig } from "../../core/routing/dynamic-config.ts";
import { dynamicYaml } from "../../core/routing/dynamic-yaml.ts";
import type { Results } from "../../core/actions/actions.ts";
import type { InstanceConfig } from "../../core/server/instance.ts";
import type { World } from "../../core/world.ts";
import { realClock } from "../../adapters/clock.ts";
import { engineInfo } from "../../adapters/engines/docker/info.ts";
import { readInventory } from "../../adapters/engines/docker/inventory.ts";
import { readTraefikSnapshot } from "../../adapters/traefik/api.ts";
import type { State } from "../../adapters/state/state.ts";
import type { TraefikRouter } from "../../adapters/traefik/router.ts";
import type { Certificates } from "../certificates/certificates.ts";
import { locateTraefik } from "../deploy/tools.ts";
import { checks } from "./checks.ts";
import { knownIn, once, type CheckContext } from "./check-context.ts";
import { runChecks } from "./run-checks.ts";

/** The parts of the worker that `doctor` needs. */
interface ExamineParts {
  readonly world: Pick<World, "now">;
  readonly config: InstanceConfig;
  readonly state: State;
  readonly engineSocket: string;
  readonly version: string;
  readonly router: Pick<TraefikRouter, "state">;
  readonly certificates: Pick<Certificates, "list">;
}

/** A person waits this long, and it is below every timeout on the way. */
const timeoutMs = 8000;

/** Runs all checks; `calledHost` is the host that the caller connected to. */
export async function examine(
  parts: ExamineParts,
  calledHost: string | undefined,
): Promise<Results["doctor"]> {
  const { world, config, state, version, engineSocket, router, certificates } = parts;
  const traefik = once(() => locateTraefik(config, engineSocket));
  const context: CheckContext = {
    config,
    state,
    now: world.now,
    calledHost,
    engine: once(() => engineInfo(engineSocket)),
    inventory: once(() => readInventory(engineSocket)),
    traefik,
    snapshot: once(async () => readTraefikSnapshot((await traefik()).api)),
    known: () => knownIn(state, config),
    certificates: () => certificates.list().certificates,
    wantedFile: () => dynamicYaml(dynamicConfig(router.state())),
  };
  const found = await runChecks(checks, context, { sleep: realClock(world.now).sleep, timeoutMs });
  const { httpPort, httpsPort } = config;
  return { version, now: world.now(), httpPort, httpsPort, checks: found };
}
