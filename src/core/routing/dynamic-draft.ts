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

/** Where a router of the file leads. */
export interface Target {
  readonly service: string;
  readonly middlewares: readonly string[];
}

/** The dynamic file while it grows; parts that several routers need are added once under their own name. */
export class DynamicDraft {
  readonly #routers: Record<string, RouterConfig> = {};
  readonly #middlewares: Record<string, MiddlewareConfig> = {};
  readonly #services: Record<string, ServiceConfig> = {};
  readonly #transports: Record<string, ServersTransportConfig> = {};
  readonly #rules = new Set<string>();

  route(name: string, config: RouterConfig): void {
    this.#routers[name] = config;
  }

  /** A router with the rule of `plan` that outranks every release there; the first one at a place stays. */
  hold(name: string, plan: RoutePlan, target: Target): void {
    const { entryPoints, rule, tls } = plan.config;
    const key = `${plan.entryPoint} ${rule}`;
    if (this.#rules.has(key)) return;
    this.#rules.add(key);
    this.route(name, {
      entryPoints,
      rule,
      priority: holdPriority(plan.route),
      service: target.service,
      ...(target.middlewares.length === 0 ? {} : { middlewares: target.middlewares }),
      ...(tls === undefined ? {} : { tls }),
    });
  }

  add(parts: Partial<Omit<HttpConfig, "routers">>): void {
    Object.assign(this.#services, parts.services);
    Object.assign(this.#middlewares, parts.middlewares);
    Object.assign(this.#transports, parts.serversTransports);
  }

  /** The file's own copies of middlewares: Traefik drops a router whose middleware is gone with the containers that brought it. */
  copy(routing: ReleaseRouting, names: readonly string[]): void {
    for (const name of names) {
      const config = routing.middlewares[name];
      if (config !== undefined) this.#middlewares[name] = config;
    }
  }

  config({ certificate, manualCertificates = [] }: Certificates): DynamicConfig {
    return {
      http: {
        routers: this.#routers,
        middlewares: this.#middlewares,
        services: this.#services,
        ...(Object.keys(this.#transports).length === 0
          ? {}
          : { serversTransports: this.#transports }),
      },
      tls: {
        options: { default: { minVersion: "VersionTLS12" } },
        ...(manualCertificates.length === 0
          ? {}
          : { certificates: manualCertificates.map(inline) }),
        ...(certificate === undefined
          ? {}
          : { stores: { default: { defaultCertificate: inline(certificate) } } }),
      },
    };
  }
}

type Certificates = Pick<ServerFacts, "certificate" | "manualCertificates">;

/** As text in the file itself: two files of their own could be read between the change of the one and of the other. */
const inline = ({ cert, key }: KeyPair): CertificateConfig => ({ certFile: cert, keyFile: key });
