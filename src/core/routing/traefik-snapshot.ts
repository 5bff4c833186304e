import type { DynamicConfig } from "./traefik-config.ts";

/** The state of Traefik, as far as mypaas reads it. Names carry their provider, such as `web-r43-1@docker`. */
export interface TraefikSnapshot {
  readonly routers: Readonly<Record<string, SeenRouter>>;
  /** Status of each listed server of each service. */
  readonly services: Readonly<Record<string, readonly string[]>>;
}

export interface SeenRouter {
  readonly status: string;
  readonly rule: string;
  readonly priority: number;
  readonly service: string;
  readonly errors: readonly string[];
}

/** The state that a caller waits for. */
export interface Expected {
  /** Router names that must be enabled without error, with provider suffix. */
  readonly routers: readonly string[];
  /** Router names that must be gone. */
  readonly gone: readonly string[];
  /** Traefik service → how many servers must be listed and up. */
  readonly servers: Readonly<Record<string, number>>;
}

/** Reads the answer of `/api/rawdata`. */
export const readSnapshot = (rawdata: unknown): TraefikSnapshot => ({
  routers: mapValues(field(rawdata, "routers"), (router) => ({
    status: text(field(router, "status")),
    rule: text(field(router, "rule")),
    priority: Number(field(router, "priority")),
    service: text(field(router, "service")),
    errors: list(field(router, "error")).map(text),
  })),
  services: mapValues(field(rawdata, "services"), (service) =>
    Object.values(mapValues(field(service, "serverStatus"), text)),
  ),
});

/** One sentence for each difference between Traefik's state and the expected one. */
export const differences = (
  seen: TraefikSnapshot,
  wanted: Expected,
  file: DynamicConfig | undefined,
): readonly string[] => [
  ...wanted.routers.flatMap((name) => troubleOf(name, seen.routers[name])),
  ...wanted.gone
    .filter((name) => seen.routers[name] !== undefined)
    .map((name) => `router ${name} is still there`),
  ...Object.entries(wanted.servers).flatMap(([name, count]) => {
    const servers = seen.services[name] ?? [];
    const up = servers.filter((status) => status === "UP").length;
    if (up === count && servers.length === count) return [];
    return `service ${name} lists ${servers.length} servers and ${up} of them up instead of ${count}`;
  }),
  ...(file === undefined ? [] : fileDifferences(seen, file)),
];

function fileDifferences(seen: TraefikSnapshot, { http }: DynamicConfig): readonly string[] {
  const wanted = Object.entries(http.routers).flatMap(([name, config]) => {
    const router = seen.routers[`${name}@file`];
    const trouble = troubleOf(`${name}@file`, router);
    if (trouble.length > 0 || router === undefined) return trouble;
    const isSame =
      router.rule === config.rule &&
      router.priority === config.priority &&
      router.service.replace(/@file$/, "") === config.service;
    return isSame ? [] : [`router ${name}@file is still the old one`];
  });
  const extra = Object.keys(seen.routers)
    .filter((name) => name.endsWith("@file") && http.routers[name.slice(0, -5)] === undefined)
    .map((name) => `router ${name} is still there`);
  return [...wanted, ...extra];
}

function troubleOf(name: string, router: SeenRouter | undefined): readonly string[] {
  if (router === undefined) return [`router ${name} is not there`];
  if (router.status === "enabled" && router.errors.length === 0) return [];
  if (name.endsWith("@file") && router.errors.length > 0 && router.errors.every(isServiceDown))
    return [];
  return [`router ${name} is ${router.status}: ${router.errors.join("; ")}`];
}

/** The file is right, and its release is down: a broken service must not block its repair, or another service. */
const isServiceDown = (error: string): boolean =>
  /^the service "[^"]+@docker" does not exist$/.test(error);

function field(value: unknown, key: string): unknown {
  if (typeof value !== "object" || value === null) return undefined;
  return Object.entries(value).find(([name]) => name === key)?.[1];
}

function mapValues<T>(value: unknown, read: (inner: unknown) => T): Record<string, T> {
  if (typeof value !== "object" || value === null) return {};
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, read(inner)]));
}

const text = (value: unknown): string => (typeof value === "string" ? value : "");
const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
