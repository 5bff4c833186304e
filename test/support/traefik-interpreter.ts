import type {
  DynamicConfig,
  EntryPoint,
  RouterConfig,
} from "../../src/core/routing/traefik-config.ts";
import type { Release } from "../../src/core/release/release.ts";
import type { RoutingServer } from "../../src/core/routing/release-routing.ts";
import { releaseRouting } from "../../src/core/routing/release-routing.ts";

/**
 * Says who answers a URL as Traefik would: of all routers of the running releases and of the file, the one of highest priority whose rule matches.
 * A router that names a middleware its provider does not have is not mounted; a tie is an error, because Traefik decides it by accident.
 */
export function whoAnswers(
  url: string,
  world: {
    readonly running: readonly Release[];
    readonly file: DynamicConfig;
    readonly server: RoutingServer;
  },
): string {
  const [, scheme, host = "", path = "/"] = /^(https?):\/\/([^/]+)(\/.*)?$/.exec(url) ?? [];
  const entryPoint: EntryPoint = scheme === "https" ? "websecure" : "web";
  const docker = world.running.flatMap((release) => {
    const { routers, middlewares } = releaseRouting(release, world.server);
    return routers.map(({ config }) => ({ config, middlewares, provider: "docker" }));
  });
  const file = Object.values(world.file.http.routers).map((config) => ({
    config,
    middlewares: world.file.http.middlewares,
    provider: "file",
  }));
  const matching = [...docker, ...file]
    .filter(({ config }) => config.entryPoints[0] === entryPoint && matches(config, host, path))
    .filter(
      ({ config, middlewares }) => config.middlewares?.every((name) => name in middlewares) ?? true,
    )
    .toSorted((a, b) => b.config.priority - a.config.priority);
  const [first, second] = matching;
  if (first === undefined) return "404";
  if (first.config.priority === second?.config.priority) throw new Error(`a tie at ${url}`);
  return answerOf(first.config, first.middlewares, first.provider, world);
}

function answerOf(
  config: RouterConfig,
  middlewares: DynamicConfig["http"]["middlewares"],
  provider: string,
  world: { readonly running: readonly Release[]; readonly file: DynamicConfig },
): string {
  const chain = (config.middlewares ?? []).flatMap((name) => middlewares[name] ?? []);
  if (chain.some((one) => "redirectScheme" in one)) return "redirect";
  const [name = "", from = provider] = config.service.split("@");
  if (from === "file") {
    const service = world.file.http.services[name];
    if (service === undefined) return "404";
    if ("weighted" in service)
      return `wait for ${service.weighted.services.map((one) => dialled(one.name, world.file)).join(" or ")}`;
    return service.loadBalancer.servers.length === 0 ? "503" : name;
  }
  const release = world.running.find((one) => name === `${one.spec.slug}-r${one.number}`);
  if (release === undefined) return "404";
  const tag = chain.flatMap((one) =>
    "headers" in one ? Object.values(one.headers.customResponseHeaders) : [],
  );
  if (tag[0] !== `${release.spec.service}/${release.number}`)
    throw new Error(`${name} answers under the name ${tag[0]}`);
  return tag[0];
}

function dialled(name: string, file: DynamicConfig): string {
  const service = file.http.services[name];
  if (service === undefined || !("loadBalancer" in service)) throw new Error(`no service ${name}`);
  return service.loadBalancer.servers.map(({ url }) => new URL(url).host).join(",");
}

function matches({ rule }: RouterConfig, host: string, path: string): boolean {
  const whole =
    /^(?:Host\(`([^`]+)`\))?(?: && )?(?:\(Path\(`([^`]+)`\) \|\| PathPrefix\(`([^`]+)`\)\)|PathPrefix\(`([^`]+)`\))?$/.exec(
      rule,
    );
  if (whole === null) throw new Error(`not a rule of ours: ${rule}`);
  const [, wantedHost, exact, below, prefix] = whole;
  const isHost =
    wantedHost === undefined ||
    wantedHost === host ||
    (wantedHost.startsWith("*.") && wantedHost.slice(1) === host.slice(host.indexOf(".")));
  const isPath =
    prefix === undefined
      ? exact === undefined || path === exact || path.startsWith(below ?? "")
      : path.startsWith(prefix);
  return isHost && isPath;
}
