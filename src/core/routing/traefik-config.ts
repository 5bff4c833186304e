/** The part of Traefik's dynamic configuration that mypaas writes, in labels and in the dynamic file. */
export interface DynamicConfig {
  readonly http: HttpConfig;
  readonly tls?: {
    readonly options: { readonly default: { readonly minVersion: "VersionTLS12" } };
    readonly certificates?: readonly CertificateConfig[];
    readonly stores?: { readonly default: { readonly defaultCertificate: CertificateConfig } };
  };
}

/** PEM, or the path of a file that holds it. */
export interface CertificateConfig {
  readonly certFile: string;
  readonly keyFile: string;
}

export interface HttpConfig {
  readonly routers: Readonly<Record<string, RouterConfig>>;
  readonly middlewares: Readonly<Record<string, MiddlewareConfig>>;
  readonly services: Readonly<Record<string, ServiceConfig>>;
  readonly serversTransports?: Readonly<Record<string, ServersTransportConfig>>;
}

export interface ServersTransportConfig {
  /** Below 0: no connection is used a second time. */
  readonly maxIdleConnsPerHost?: number;
  readonly forwardingTimeouts: {
    readonly dialTimeout: string;
    readonly idleConnTimeout: string;
    /** Counts from the end of the request's body. */
    readonly responseHeaderTimeout?: string;
  };
}

export type EntryPoint = "web" | "websecure";

export interface RouterConfig {
  readonly entryPoints: readonly [EntryPoint];
  readonly rule: string;
  readonly priority: number;
  readonly service: string;
  readonly middlewares?: readonly string[];
  readonly tls?: { readonly certResolver?: string };
}

export type MiddlewareConfig =
  | { readonly retry: RetryConfig }
  | { readonly headers: { readonly customResponseHeaders: Readonly<Record<string, string>> } }
  | {
      readonly redirectScheme: {
        readonly scheme: "https";
        readonly port?: string;
        readonly permanent: boolean;
      };
    }
  | {
      readonly redirectRegex: {
        readonly regex: string;
        readonly replacement: string;
        readonly permanent: boolean;
      };
    }
  | {
      readonly basicAuth: {
        readonly users: readonly string[];
        readonly realm: string;
        readonly removeHeader: true;
      };
    }
  | {
      readonly ipAllowList: {
        readonly sourceRange: readonly string[];
        readonly ipStrategy?: ForwardedAddress;
      };
    }
  | {
      readonly rateLimit: {
        readonly average: number;
        readonly period: string;
        readonly burst: number;
        readonly sourceCriterion: {
          readonly ipStrategy: { readonly ipv6Subnet: 64 } | ForwardedAddress;
        };
      };
    }
  | {
      readonly inFlightReq: {
        readonly amount: number;
        readonly sourceCriterion: { readonly requestHeaderName: "X-Forwarded-Server" };
      };
    }
  | { readonly compress: { readonly excludedContentTypes: readonly string[] } }
  | { readonly stripPrefix: { readonly prefixes: readonly string[] } }
  | { readonly stripPrefixRegex: { readonly regex: readonly string[] } }
  | {
      readonly errors: {
        readonly status: readonly string[];
        readonly statusRewrites?: Readonly<Record<string, number>>;
        readonly service: string;
        readonly query: string;
        /** The headers that the request for the page takes over; all without it. */
        readonly errorRequestHeaders?: readonly string[];
      };
    };

/** The last address of `X-Forwarded-For` that is not one of these; none where the header is missing (traefik#10561). */
export interface ForwardedAddress {
  readonly excludedIPs: readonly string[];
}

export interface RetryConfig {
  readonly attempts: number;
  readonly initialInterval: string;
  readonly timeout?: string;
}

export type ServiceConfig =
  | { readonly middlewares?: readonly string[]; readonly loadBalancer: LoadBalancerConfig }
  | { readonly weighted: { readonly services: readonly WeightedService[] } };

export interface WeightedService {
  readonly name: string;
  readonly weight: number;
}

/** The cookie by which a visitor stays with a server; Traefik's own default path is `/`. */
export interface StickyCookie {
  readonly name: string;
  readonly httpOnly: true;
  readonly sameSite: "lax";
  readonly secure: boolean;
}

export interface LoadBalancerConfig {
  readonly servers: readonly { readonly url: string }[];
  readonly serversTransport?: string;
}
