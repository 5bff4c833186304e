import { judgeLoop, judgeTrust } from "../../core/health/proxies.ts";
import { nameInWildcard } from "../../core/certificates/wanted.ts";
import { about, type Finding } from "../../core/health/check.ts";
import { redirectOf } from "../../adapters/reach.ts";
import { liveReleases } from "../../adapters/state/releases.ts";
import type { CheckContext } from "./check-context.ts";
import { addressesFound, addressesOf } from "./server-checks.ts";

const askMs = 4000;

/** The trusted proxies, and hosts that a proxy in front sends round and round. */
export async function proxies(context: CheckContext): Promise<readonly Finding[]> {
  const { config } = context;
  const own = await addressesOf(context);
  const loops = await Promise.all(
    securedHosts(context).map(async (written) => {
      const host = nameInWildcard(written);
      const found = (await addressesFound(context, host)) ?? [];
      const isBehind = found.length > 0 && !found.some((address) => own.includes(address));
      if (!isBehind) return undefined;
      const location = await redirectOf(`https://${host}/`, askMs).catch(() => undefined);
      const finding = judgeLoop({ host, location, trust: config });
      return finding && about(`proxy in front of ${host}`, finding);
    }),
  );
  return [judgeTrust(config), ...loops.filter((one) => one !== undefined)];
}

/** Hosts whose http redirects to https. */
function securedHosts({ state, certificates }: CheckContext): readonly string[] {
  const secured = new Set(
    certificates()
      .filter(({ state }) => state === "issued" || state === "own")
      .map(({ host }) => host),
  );
  const routes = liveReleases(state).flatMap(({ release }) => release.spec.routes);
  const hosts = routes.filter(({ https, host }) => https && secured.has(host));
  return [...new Set(hosts.map(({ host }) => host))];
}
