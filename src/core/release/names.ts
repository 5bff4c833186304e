/** Names of everything an instance owns in Docker; the instance keeps several of them apart on one engine. */
export const networkName = (instance: string): string => instance;
export const apiNetworkName = (instance: string): string => `${instance}-api`;
export const receiverNetworkName = (instance: string): string => `${instance}-receiver`;
export const traefikContainerName = (instance: string): string => `${instance}-traefik`;
export const receiverContainerName = (instance: string): string => `${instance}-receiver`;

/** The name under which other services reach this one: the bare slug in the default instance, so that `http://web/` works there. */
export const serviceContainerName = (instance: string, slug: string): string =>
  instance === "mypaas" ? slug : `${instance}-${slug}`;

/** The name of one replica until the cut-over; replica counts from 1. */
export const replicaName = (
  instance: string,
  slug: string,
  release: number,
  replica: number,
): string => `${serviceContainerName(instance, slug)}-r${release}-${replica}`;

/** The name of the container in which a release's own command runs before the switch. */
export const commandName = (instance: string, slug: string, release: number): string =>
  `${serviceContainerName(instance, slug)}-r${release}-release`;

/** The name of a one-off container; `tag` keeps those of one service apart. */
export const runName = (instance: string, slug: string, tag: string): string =>
  `${serviceContainerName(instance, slug)}-run-${tag}`;

/**
 * The host names that waiting requests dial (DESIGN §5), as container names: a release that is ready is renamed to one of them,
 * so that nobody waiting reaches it before. `.invalid` exists nowhere else (RFC 6761), and the dial ends it with a dot against search domains.
 */
export const nextName = (instance: string, slug: string): string =>
  `${serviceContainerName(instance, slug)}.next.invalid`;
export const backName = (instance: string, slug: string): string =>
  `${serviceContainerName(instance, slug)}.back.invalid`;

export const imageName = (instance: string, slug: string, release: number): string =>
  `${instance}/${slug}:r${release}`;

export const volumeName = (instance: string, slug: string, name: string): string =>
  `${instance}-${slug}-${name}`;

/** Traefik's name for a release's service, without the provider suffix. */
export const traefikServiceName = (slug: string, release: number): string => `${slug}-r${release}`;

/** Docker labels by which mypaas knows its own; ownership is by label, never by name. */
export const label = {
  instance: "mypaas.instance",
  role: "mypaas.role",
  service: "mypaas.service",
  release: "mypaas.release",
  replica: "mypaas.replica",
  spec: "mypaas.spec",
  /** Of a one-off container: `attached` or `detached`. */
  run: "mypaas.run",
} as const;
