import { backendName, backendServices, type Backend } from "./backend.ts";
import type { ReleaseRouting, RoutePlan } from "./release-routing.ts";
import type { KeyPair, ServerFacts } from "./routing-state.ts";
import type {
  CertificateConfig,
  DynamicConfig,
  HttpConfig,
  MiddlewareConfig,
  RouterConfig,
  ServersTransportConfig,
  ServiceConfig,
} from "./traefik-config.ts";
import { holdPriority } from "./routes.ts";

/** The service of a router, and its middlewares. */
export interface Target {
  readonly service: string;
  readonly middlewares: readonly string[];
}

/** Builds the dynamic file. Parts that several routers need are added once, by name. */
export class DynamicDraft {
  readonly #routers: Record<string, RouterConfig> = {};
  readonly #middlewares: Record<string, MiddlewareConfig> = {};
  readonly #services: Record<string, ServiceConfig> = {};
  readonly #transports: Record<string, ServersTransportConfig> = {};
  readonly #rules = new Set<string>();

  route(name: string, config: RouterConfig): void {
    this.#routers[name] = config;
  }

  /** Adds a router with the rule of `plan` and a priority above every release. The first router of a rule stays. */
  hold(name: string, plan: RoutePlan, target: Target): void {
    const { entryPoints, rule, tls } = plan.config;
    const key = `${plan.entryPoint} ${rule}`;
    if (this.#rules.has(key)) return;
    this.#rules.add(key);
    this.route(name, {
      entryPoints,
      rule,
      priority: holdPriority(plan.route) + (plan.isProxied ? 1 : 0) + (plan.isBehind ? 1 : 0),
      service: target.service,
      ...(target.middlewares.length === 0 ? {} : { middlewares: target.middlewares }),
      ...(tls === undefined ? {} : { tls }),
    });
  }

  /** Adds a router above the holds of the rule of `plan`, with a narrower rule. The first one of a rule stays, for each reason. */
  outrank(
    why: string,
    plan: RoutePlan,
    { target, ...more }: Pick<RouterConfig, "rule" | "priority"> & { readonly target: Target },
  ): void {
    const { entryPoints, rule, tls } = plan.config;
    const key = `${why} ${plan.entryPoint} ${rule}`;
    if (this.#rules.has(key)) return;
    this.#rules.add(key);
    // A route on http may have a router of the same name on the https port.
    this.route(`${why}-${plan.entryPoint}-${plan.name}`, {
      entryPoints,
      ...more,
      ...target,
      ...(tls === undefined ? {} : { tls }),
    });
  }

  add(parts: Partial<Omit<HttpConfig, "routers">>): void {
    Object.assign(this.#services, parts.services);
    Object.assign(this.#middlewares, parts.middlewares);
    Object.assign(this.#transports, parts.serversTransports);
  }

  /** Copies middlewares into the file: Traefik drops a router when its middleware is removed with a container. */
  copy(routing: ReleaseRouting, names: readonly string[]): void {
    for (const name of names) {
      const config = routing.middlewares[name];
      if (config !== undefined) this.#middlewares[name] = config;
    }
  }

  /** The name of a backend for routers; its services are added where the file has to list them. */
  lead(backend: Backend): string {
    this.add({ services: backendServices(backend) });
    return backendName(backend);
  }

  config({ certificate, manualCertificates = [] }: Certificates): DynamicConfig {
    return {
      http: {
        routers: this.#routers,
        middlewares: this.#middlewares,
        services: this.#services,
        ...(Object.keys(this.#transports).length > 0 && { serversTransports: this.#transports }),
      },
      tls: {
        options: { default: { minVersion: "VersionTLS12" } },
        ...(manualCertificates.length > 0 && { certificates: manualCertificates.map(inline) }),
        ...(certificate && { stores: { default: { defaultCertificate: inline(certificate) } } }),
      },
    };
  }
}

type Certificates = Pick<ServerFacts, "certificate" | "manualCertificates">;

/** As text in the file: Traefik could read two separate files between their changes. */
const inline = ({ cert, key }: KeyPair): CertificateConfig => ({ certFile: cert, keyFile: key });
