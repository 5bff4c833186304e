/** The decisions of `init`, stored in `<stateDir>/config.yml`; the operator may edit `volumes.allow`. */
export interface InstanceConfig {
  readonly version: 1;
  readonly instance: string;
  /** Random id of this server (16 hex digits), part of every signed request. */
  readonly server: string;
  readonly stateDir: string;
  readonly runDir: string;
  /** Addresses to listen on. One text, as 0.1.0 stored it: Docker publishes its ports, also those of IPv6. */
  readonly bind: string | readonly string[];
  readonly httpPort: number;
  readonly httpsPort: number;
  readonly domain?: string;
  /** Contact for CAs; without it no certificate is requested. */
  readonly email?: string;
  /** The CA; `acmeOf` has the default. */
  readonly acme?: {
    /** Directory URL. */
    readonly server: string;
    /** The CA's own https is trusted by the certificate in `acmeCa` of `instancePaths`. */
    readonly hasCa: boolean;
    readonly lifetimeHours: number;
    /** lego's code of the DNS provider; its values are in `dnsEnv` of `instancePaths`. */
    readonly dnsProvider?: string;
  };
  /** DNS servers for the preflight of a name: `ip`, `ip:port` or `[ip]:port`. */
  readonly resolvers?: readonly string[];
  /** Public addresses of this server, when its interfaces do not show them. */
  readonly addresses?: readonly string[];
  /** Proxies that may say who the client is: `cloudflare`, addresses and ranges. */
  readonly trustProxy?: readonly string[];
  /** Addresses and ranges besides public ones that the egress proxy connects to, with a port for another one than 443 and 22. */
  readonly egress?: { readonly allow: readonly string[] };
  /** `kept`: paths and queries reach services as clients sent them. Without it, as in 0.1.0, Traefik cleans them. */
  readonly urls?: "kept";
  /** True where sshd takes `git push` for this instance. */
  readonly git?: true;
  /** True where images may be pushed to `/v2/` on the domain. */
  readonly registry?: true;
  /** True where the API answers at `/api/v1/` on the domain. */
  readonly api?: true;
  readonly traefikImage: string;
  readonly receiverImage: string;
  /** The user that ran init: owner of `~/…` volumes. */
  readonly owner: { readonly name: string; readonly home: string };
  readonly volumes: { readonly allow: readonly string[] };
}

/** Port of Traefik's API, ping and metrics on their own network. */
export const traefikApiPort = 8080;
/** Port of the receiver on the network it shares with Traefik. */
export const receiverPort = 8080;

export const defaultInstance = "mypaas";
export const defaultStateDir = "/var/lib/mypaas";
export const defaultRunDir = "/run/mypaas";

/** All paths of an instance. Each socket has its own directory, which containers mount. */
export function instancePaths(config: Pick<InstanceConfig, "stateDir" | "runDir">) {
  const { stateDir, runDir } = config;
  return {
    config: `${stateDir}/config.yml`,
    database: `${stateDir}/state.db`,
    /** What services did; may be lost. */
    metrics: `${stateDir}/metrics.db`,
    blobs: `${stateDir}/blobs`,
    /** Values that containers read from files; only root can enter the folder. */
    secrets: `${stateDir}/secrets`,
    /** Uploads of local deploys; the worker writes them. */
    localSpool: `${stateDir}/local-spool`,
    /** Files of linked repositories on their way into `blobs`. */
    linkTaking: `${stateDir}/link-taking`,
    /** Uploads from outside; the receiver writes them. */
    spool: `${stateDir}/spool`,
    /** Directory that the receiver mounts read-only; holds `authorized_keys` and `receiver.json`. */
    receiverDir: `${stateDir}/receiver`,
    authorizedKeys: `${stateDir}/receiver/authorized_keys`,
    receiverConfig: `${stateDir}/receiver/receiver.json`,
    /** Certificate and key (PEM, one file, 0600) of the server's own identity. */
    identity: `${stateDir}/identity.pem`,
    traefikDir: `${stateDir}/traefik`,
    traefikStatic: `${stateDir}/traefik/traefik.yml`,
    /** Directory watched by Traefik's file provider. */
    dynamicDir: `${stateDir}/traefik/dynamic`,
    dynamicFile: `${stateDir}/traefik/dynamic/mypaas.yml`,
    /** The next dynamic file, outside the directory that Traefik watches. */
    dynamicNext: `${stateDir}/traefik/mypaas.yml.next`,
    acmeDir: `${stateDir}/traefik/acme`,
    /** PEM of the CA behind the ACME server's https; only for servers that need it. */
    acmeCa: `${stateDir}/traefik/acme-ca.pem`,
    /** Lines NAME=VALUE for the DNS provider (0600); they become Traefik's environment. */
    dnsEnv: `${stateDir}/dns.env`,
    /** Bare repositories of `git push` over ssh, one of each service; their files belong to the jail's user. */
    gitRepositories: `${stateDir}/git`,
    /** Files of a commit on their way into the blobs. */
    gitTaking: `${stateDir}/git-taking`,
    /** Where sshd asks about a key, and where a login of git goes; two users, neither of whom reaches the other's. */
    gitKeysSocket: `${runDir}/keys/keys.sock`,
    gitSocket: `${runDir}/git/git.sock`,
    /** Sockets of the hooks that run in the jail. */
    gitHooks: `${runDir}/hooks`,
    localSocket: `${runDir}/local/local.sock`,
    receiverSocketDir: `${runDir}/receiver`,
    receiverSocket: `${runDir}/receiver/receiver.sock`,
    dockerSocketDir: `${runDir}/docker`,
    dockerSocket: `${runDir}/docker/docker.sock`,
  } as const;
}
