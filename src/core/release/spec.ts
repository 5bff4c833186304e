/** The settings in the comments of one Dockerfile: checked and normalised, but not yet resolved on a server. Each field has its row in `core/dockerfile/keys/`. */
export interface ServiceSpec {
  readonly service: string;
  /** `service` with `.` replaced by `-`; the name inside Docker and Traefik. */
  readonly slug: string;
  readonly routes: readonly RouteSpec[];
  readonly stripPrefix: boolean;
  /** Undefined: the only EXPOSE of the image, else 80 when there is a route, else no port; `none`: a worker process, whatever the image has. */
  readonly port: number | "none" | undefined;
  /** A visitor stays with a replica. */
  readonly sticky: Sticky;
  /** The protocol between Traefik and the service: HTTP/1.1, or HTTP/2 without TLS. */
  readonly protocol: "http" | "h2c";
  /** How long Traefik waits for the head of an answer. */
  readonly answerTimeoutMs: number | undefined;
  /** Users that may pass, each with a password on the server; empty: everybody may. */
  readonly auth: readonly string[];
  /** Headers that each answer gets, or loses. */
  readonly headers: readonly HeaderSpec[];
  /** Addresses and ranges (CIDR) that may pass; empty: everybody may. */
  readonly allowIp: readonly string[];
  readonly rateLimit: RateLimit | undefined;
  /** Requests at once on each route. */
  readonly maxRequests: number | undefined;
  readonly compress: boolean;
  readonly scale: Scale;
  readonly volumes: readonly VolumeSpec[];
  readonly env: readonly EnvSpec[];
  readonly publish: readonly PublishSpec[];
  readonly secrets: readonly SecretSpec[];
  readonly healthcheck: HealthcheckSpec | undefined;
  readonly startTimeoutMs: number;
  /** Undefined: 30 s, or 3 s while requests wait. */
  readonly drainTimeoutMs: number | undefined;
  readonly stopTimeoutMs: number;
  /** Processors, such as 0.5. */
  readonly maxCpu: number | undefined;
  readonly maxMemoryBytes: number | undefined;
  /** Docker's init process is the first of a container, and starts the image's program. */
  readonly init: boolean;
  /** Size of `/dev/shm` in bytes; Docker's own, 64 MiB, where it is left out. */
  readonly shmBytes: number | undefined;
  readonly ulimits: readonly UlimitSpec[];
  readonly release: string | undefined;
  readonly target: string | undefined;
  readonly buildArgs: readonly BuildArgSpec[];
  /** The command of `web`, in the place of the image's CMD. */
  readonly command: string | undefined;
  /** What runs beside `web` out of the same image. */
  readonly processes: readonly ProcessSpec[];
}

export interface RouteSpec {
  /** Lower-case punycode, `*.` in front for a wildcard; `auto` stands for `<slug>.<server domain>`. */
  readonly host: string;
  /** Empty, or begins with `/` and does not end with one. */
  readonly path: string;
  readonly https: boolean;
  /** Set where the host only redirects. */
  readonly to?: RedirectTarget;
}

/** The place to which a host redirects; requests keep their path below `path`, and their query. */
export interface RedirectTarget {
  readonly host: string;
  readonly path: string;
  readonly https: boolean;
}

export interface HeaderSpec {
  readonly name: string;
  /** Empty: the header is taken away. */
  readonly value: string;
}

/** Requests of one address. */
export interface RateLimit {
  readonly requests: number;
  readonly per: "s" | "m" | "h";
  /** Requests at once, before the rate counts. */
  readonly burst: number;
}

/** `on`: by a cookie whose name follows from the service. */
export type Sticky =
  | { readonly kind: "off" }
  | { readonly kind: "on" }
  | { readonly kind: "named"; readonly cookie: string };

/** The highest number of containers of a service. */
export const maxReplicas = 100;

/** `replace`: one container, the old one stops before the new one starts; `roll`: the new ones start before the old ones stop; `safe`: all old ones stop before the new ones start. */
export type Scale =
  | { readonly kind: "replace" }
  | { readonly kind: "roll"; readonly replicas: number }
  | { readonly kind: "safe"; readonly replicas: number };

export interface VolumeSpec {
  /** `named`: a Docker volume; `home`: below the home of the user who ran init; `absolute`: a host path that config.yml allows; `none`: what is written there goes with each container. */
  readonly kind: "named" | "home" | "absolute" | "none";
  /** Name, path relative to the home, or absolute host path; empty for `none`. */
  readonly source: string;
  readonly target: string;
  readonly readOnly: boolean;
}

export interface EnvSpec {
  readonly name: string;
  /** Undefined: set on the server with `mypaas env`. */
  readonly value: string | undefined;
}

/** A value that the containers get as a file. */
export interface SecretSpec {
  readonly name: string;
  /** Absolute path of the file. */
  readonly target: string;
}

export interface PublishSpec {
  readonly ip: string;
  readonly hostPort: number;
  readonly containerPort: number;
  readonly protocol: "tcp" | "udp";
}

export interface HealthcheckSpec {
  readonly path: string;
  readonly intervalMs: number;
  readonly timeoutMs: number;
}

/** A limit of the kernel for each process (setrlimit(2)). */
export interface UlimitSpec {
  readonly name: string;
  /** -1: no limit. */
  readonly soft: number;
  readonly hard: number;
}

/** A program that runs beside `web`; no request reaches it. */
export interface ProcessSpec {
  readonly name: string;
  /** In the place of the image's CMD. */
  readonly command: string;
  /** 0: its command is known, and none runs. */
  readonly replicas: number;
}

export interface BuildArgSpec {
  readonly name: string;
  readonly value: string;
}

/** The number of containers of a scale. */
export const replicaCount = (scale: Scale): number =>
  scale.kind === "replace" ? 1 : scale.replicas;

const besideMs = 30_000;
const whileWaitingMs = 3_000;

/** The time that open requests of an old release have to end; it is shorter while new requests wait. */
export const drainTimeMs = (spec: ServiceSpec, requestsWait: boolean): number =>
  spec.drainTimeoutMs ?? (requestsWait ? whileWaitingMs : besideMs);

/** True where the old release stops before the new one starts, so that requests wait. */
export const stopsOldFirst = (spec: Pick<ServiceSpec, "scale" | "publish">): boolean =>
  spec.scale.kind !== "roll" || spec.publish.length > 0;

/** Writes a scale as the Dockerfile does; the other functions here do the same for their values. */
export function writeScale(scale: Scale): string {
  if (scale.kind === "replace") return "0";
  return scale.kind === "safe" ? `${scale.replicas} safe` : String(scale.replicas);
}

export const writeRoute = ({ host, path, https, to }: RouteSpec): string =>
  `${https ? "https" : "http"}://${host}${path}${to === undefined ? "" : ` -> ${writeRoute(to)}`}`;

export const writeHeader = ({ name, value }: HeaderSpec): string =>
  value === "" ? `${name}:` : `${name}: ${value}`;

export const writeRateLimit = ({ requests, per, burst }: RateLimit): string =>
  `${requests}/${per}${burst === requests ? "" : ` burst ${burst}`}`;

export const writePublish = ({ ip, hostPort, containerPort, protocol }: PublishSpec): string =>
  `${ip.includes(":") ? `[${ip}]` : ip}:${hostPort}:${containerPort}${protocol === "udp" ? "/udp" : ""}`;

/** Without the hard limit where it equals the soft one. */
export const writeUlimit = ({ name, soft, hard }: UlimitSpec): string =>
  `${name}=${limitWord(soft)}${hard === soft ? "" : `:${limitWord(hard)}`}`;

const limitWord = (limit: number): string => (limit === -1 ? "unlimited" : String(limit));
