/** Names of everything an instance owns in Docker; the instance keeps several of them apart on one engine. */
export const networkName = (instance: string): string => instance;
export const apiNetworkName = (instance: string): string => `${instance}-api`;
export const receiverNetworkName = (instance: string): string => `${instance}-receiver`;
export const relayNetworkName = (instance: string): string => `${instance}-relay`;
/** The network of foreign code; `outside`: the one through which the egress proxy reaches the internet. */
export const egressNetworkName = (instance: string): string => `${instance}-egress`;
export const outsideNetworkName = (instance: string): string => `${instance}-outside`;
export const traefikContainerName = (instance: string): string => `${instance}-traefik`;
export const pageContainerName = (instance: string): string => `${instance}-page`;
export const receiverContainerName = (instance: string): string => `${instance}-receiver`;
export const egressContainerName = (instance: string): string => `${instance}-egress`;
export const relayContainerName = (instance: string): string => `${instance}-relay`;

/** The host name under which other services reach this one: the bare slug in the default instance, so that `http://web/` works there. */
export const serviceHostName = (instance: string, slug: string): string =>
  instance === "mypaas" ? slug : `${instance}-${slug}`;

/**
 * The host names that waiting requests dial. No replica has one of them until its release is ready and the engine lends it the name.
 * `.invalid` exists nowhere else (RFC 6761), and the dial ends it with a dot against search domains.
 */
export const nextName = (instance: string, slug: string): string =>
  `${serviceHostName(instance, slug)}.next.invalid`;
export const backName = (instance: string, slug: string): string =>
  `${serviceHostName(instance, slug)}.back.invalid`;

export const imageName = (instance: string, slug: string, release: number): string =>
  `${instance}/${slug}:r${release}`;

/** The name of a program of `mypaas run`; `tag` keeps those of one service apart. */
export const programName = (instance: string, slug: string, tag: string): string =>
  `${serviceHostName(instance, slug)}-run-${tag}`;

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
  /** The process that a replica is of; replicas of `web` have none, as those of versions that knew no other. */
  process: "mypaas.process",
  spec: "mypaas.spec",
  /** Of a one-off container: `attached` or `detached`. */
  run: "mypaas.run",
  /** `discard` on replicas whose anonymous volumes hold nothing that is to be kept; versions that made none of it sure do not write it. */
  anonymous: "mypaas.anonymous",
} as const;
