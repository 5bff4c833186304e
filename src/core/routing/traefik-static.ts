import { type Document, parseDocument } from "yaml";
import { acmeOf, acmeStorage, dnsResolver, httpResolver } from "../server/acme.ts";
import { traefikPaths } from "../server/infra.ts";
import type { InstanceConfig } from "../server/instance.ts";
import { loopback, trustedRanges, trustsLocalProxy } from "../server/trusted-proxies.ts";
import { resolverWithPort } from "../server/addresses.ts";
import { label, networkName } from "../release/names.ts";

type StaticConfig = Pick<
  InstanceConfig,
  "instance" | "email" | "acme" | "resolvers" | "trustProxy" | "urls"
>;

/** Addresses of this server in Docker's networks, from which Traefik sees connections of programs on the server. */
export interface Gateways {
  /** In the network of the services: a proxy on this server. */
  readonly services?: string | undefined;
  /** In the network of the relay, where there is one. */
  readonly relay?: string | undefined;
}

/** Traefik's static configuration: the template `traefik/traefik.yml` with the values of this instance. Comments stay. */
export function traefikStatic(
  template: string,
  config: StaticConfig,
  gateways: Gateways = {},
): string {
  const document = parseDocument(template);
  const [problem] = document.errors;
  if (problem !== undefined) throw problem;
  const docker = ["providers", "docker"];
  set(document, [...docker, "constraints"], `Label(\`${label.instance}\`, \`${config.instance}\`)`);
  set(document, [...docker, "network"], networkName(config.instance));
  for (const entryPoint of ["web", "websecure"])
    setEntryPoint(document, ["entryPoints", entryPoint], { config, gateways });
  setResolvers(document, config);
  return document.toString({ lineWidth: 0 });
}

/** True for two configurations that differ at most in comments, form and what is counted; false where one is no YAML. */
export function saysTheSame(one: string, other: string): boolean {
  const [a, b] = [parseDocument(one), parseDocument(other)];
  const isYaml = a.errors.length === 0 && b.errors.length === 0;
  return isYaml && textOf(a) === textOf(b);
}

function textOf(document: Document): string {
  const withoutMetrics = (key: string, value: unknown) => (key === "metrics" ? undefined : value);
  return JSON.stringify(document.toJS(), withoutMetrics);
}

/** Whom Traefik believes about the client, and how much of a URL it changes. */
function setEntryPoint(
  document: Document,
  path: readonly string[],
  { config, gateways }: { readonly config: StaticConfig; readonly gateways: Gateways },
): void {
  const local = trustsLocalProxy(config) ? [...loopback, gateways.services ?? []].flat() : [];
  const trusted = [...new Set([...trustedRanges(config), ...local])];
  const trustsAny = trusted.length > 0;
  set(document, [...path, "forwardedHeaders", "trustedIPs"], trustsAny ? trusted : undefined);
  const relay = gateways.relay;
  if (relay === undefined) set(document, [...path, "proxyProtocol"], undefined);
  else set(document, [...path, "proxyProtocol", "trustedIPs"], [relay]);
  if (config.urls === "kept") return;
  set(document, [...path, "http", "sanitizePath"], undefined);
  set(document, [...path, "http", "encodeQuerySemicolons"], undefined);
}

function setResolvers(document: Document, config: StaticConfig): void {
  const root = ["certificatesResolvers"];
  const { dnsProvider } = acmeOf(config);
  if (config.email === undefined) return set(document, root, undefined);
  setResolver(document, [...root, httpResolver, "acme"], config);
  const dns = [...root, dnsResolver];
  if (dnsProvider === undefined) return set(document, dns, undefined);
  setResolver(document, [...dns, "acme"], config);
  const challenge = [...dns, "acme", "dnsChallenge"];
  set(document, [...challenge, "provider"], dnsProvider);
  set(document, [...challenge, "resolvers"], config.resolvers?.map(resolverWithPort));
  if (config.resolvers === undefined) set(document, [...challenge, "propagation"], undefined);
}

/** Sets the values of both resolvers. */
function setResolver(document: Document, path: readonly string[], config: StaticConfig): void {
  const { server, hasCa, lifetimeHours } = acmeOf(config);
  set(document, [...path, "email"], config.email);
  set(document, [...path, "caServer"], server);
  set(document, [...path, "caCertificates"], hasCa ? [traefikPaths.acmeCa] : undefined);
  set(document, [...path, "storage"], `${traefikPaths.acme}/${acmeStorage(server)}`);
  set(document, [...path, "certificatesDuration"], lifetimeHours);
}

/** Sets or deletes a value of the template. */
function set(document: Document, path: readonly string[], value: unknown): void {
  // An unknown path would be added silently, and ignored or refused by Traefik.
  if (!document.hasIn(path)) throw new Error(`traefik.yml has no ${path.join(".")}`);
  if (value === undefined) document.deleteIn(path);
  else document.setIn(path, value);
}
