import type { Release } from "../release/release.ts";
import type { RateLimit, ServiceSpec } from "../release/spec.ts";
import type { MiddlewareConfig } from "./traefik-config.ts";
import { traefikServiceName } from "../release/names.ts";

/** Middlewares by name, in their order in a chain. One with a provider, such as `web-r2-auth@file`, has no configuration here. */
export type Chain = readonly (readonly [name: string, config: MiddlewareConfig | undefined])[];

/** The middleware that sets the headers of a Dockerfile; nothing without any. */
export function headerChain({ spec, number }: Release): Chain {
  if (spec.headers.length === 0) return [];
  // Traefik removes a header whose value is empty.
  const customResponseHeaders = Object.fromEntries(
    spec.headers.map(({ name, value }) => [name, value]),
  );
  return [[`${nameOf({ spec, number })}-header`, { headers: { customResponseHeaders } }]];
}

/** The middlewares that decide whether a request reaches the service, and how, the outermost first: cheap ones before expensive ones, and no password check without the limits before it. With `trusted` the clients' own addresses count, as the proxies in these ranges say them. */
export const guardChain = (release: Release, trusted?: Trusted): Chain => [
  ...allowChain(release, trusted),
  ...rateChain(release, trusted),
  ...authChain(release),
  ...inFlightChain(release),
  ...compressChain(release),
];

/** Addresses and ranges of trusted proxies. */
type Trusted = readonly string[] | undefined;

/**
 * The same for a request that waits for the first of these releases that is ready, the coming one first: it meets them once, outside of the retry.
 * It must fulfil what each of them asks for, because each may answer. A waiting request does not count as one at once.
 */
export function waitingChain(releases: readonly Release[], trusted?: Trusted): Chain {
  const [next] = releases;
  const allowed = new Map(
    releases
      .filter(({ spec }) => spec.allowIp.length > 0)
      .map((one) => [one.spec.allowIp.join(), one]),
  );
  const asking = releases.filter(({ spec }) => spec.auth.length > 0);
  const [first, second] = asking;
  return [
    ...[...allowed.values()].flatMap((one) => allowChain(one, trusted)),
    ...(next === undefined ? [] : rateChain(next, trusted)),
    ...(first === undefined ? [] : second === undefined ? authChain(first) : [waitingAuth(first)]),
    ...(next === undefined ? [] : compressChain(next)),
  ];
}

const waitingAuth = (release: Release): Chain[number] => [
  `${nameOf(release)}-auth-wait@file`,
  undefined,
];

/** The passwords of a server: service → user → bcrypt hash. */
export type Users = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** The middlewares with the passwords of one release, for the dynamic file: no label shows a hash, and a new password needs no release. `from` is the other release for which requests may wait. */
export function authMiddlewares(
  release: Release,
  from: Release | undefined,
  users: Users,
): Readonly<Record<string, MiddlewareConfig>> {
  const { spec } = release;
  if (spec.auth.length === 0) return {};
  const name = `${nameOf(release)}-auth`;
  const known = users[spec.service] ?? {};
  const own = { [name]: basicAuth(spec, spec.auth, known) };
  if (from === undefined || from.spec.auth.length === 0) return own;
  const both = spec.auth.filter((user) => from.spec.auth.includes(user));
  return { ...own, [`${name}-wait`]: basicAuth(spec, both, known) };
}

function basicAuth(
  { service }: ServiceSpec,
  names: readonly string[],
  known: Readonly<Record<string, string>>,
): MiddlewareConfig {
  const users = names.flatMap((name) =>
    Object.hasOwn(known, name) ? [`${name}:${known[name]}`] : [],
  );
  // Traefik drops a router whose list of users is empty.
  return {
    basicAuth: { users: users.length > 0 ? users : [nobody], realm: service, removeHeader: true },
  };
}

/** A user with a hash of which nobody knows a password; no user's name begins with a hyphen. */
const nobody = `-:$2b$05$${"nobody".repeat(9).slice(0, 53)}`;

const nameOf = ({ spec, number }: Pick<Release, "spec" | "number">): string =>
  traefikServiceName(spec.slug, number);

function allowChain(release: Release, trusted: Trusted): Chain {
  const { allowIp: sourceRange } = release.spec;
  if (sourceRange.length === 0) return [];
  const ipAllowList = { sourceRange, ...(trusted && { ipStrategy: { excludedIPs: trusted } }) };
  return [[addressGuard(release, "allow", trusted), { ipAllowList }]];
}

function rateChain(release: Release, trusted: Trusted): Chain {
  const { rateLimit } = release.spec;
  if (rateLimit === undefined) return [];
  return [[addressGuard(release, "rate", trusted), rateConfig(rateLimit, trusted)]];
}

const addressGuard = (release: Release, suffix: string, trusted: Trusted): string =>
  `${nameOf(release)}-${suffix}${trusted === undefined ? "" : "-behind"}`;

const rateConfig = ({ requests, per, burst }: RateLimit, trusted: Trusted): MiddlewareConfig => ({
  rateLimit: {
    average: requests,
    period: `1${per}`,
    burst,
    // One customer has at least a /64 of IPv6. Traefik takes no subnet of a forwarded address.
    sourceCriterion: { ipStrategy: trusted ? { excludedIPs: trusted } : { ipv6Subnet: 64 } },
  },
});

const authChain = (release: Release): Chain =>
  release.spec.auth.length === 0 ? [] : [[`${nameOf(release)}-auth@file`, undefined]];

function inFlightChain(release: Release): Chain {
  const { maxRequests: amount } = release.spec;
  if (amount === undefined) return [];
  // Traefik sets this header to the same value for all: by default it would count for each spelling of the host.
  const sourceCriterion = { requestHeaderName: "X-Forwarded-Server" } as const;
  return [[`${nameOf(release)}-at-once`, { inFlightReq: { amount, sourceCriterion } }]];
}

const compressChain = (release: Release): Chain =>
  release.spec.compress
    ? [
        [
          `${nameOf(release)}-compress`,
          { compress: { excludedContentTypes: ["text/event-stream"] } },
        ],
      ]
    : [];
