import type { Change } from "../release/changes.ts";
import type { Pause } from "../release/switch-way.ts";
import type { Check } from "../health/check.ts";
import type { ExecResult, RunResult } from "./program.ts";

/** Results of the actions that answer at once, by action. */
export interface Results {
  readonly plan: PlannedChanges;
  readonly "remove.list": RemoveInfo;
  readonly "release.list": { readonly releases: readonly ReleaseInfo[] };
  readonly "env.list": {
    readonly service: string;
    readonly env: readonly { readonly name: string; readonly fingerprint: string }[];
  };
  readonly "env.set": { readonly service: string; readonly set: readonly string[] };
  readonly "env.unset": { readonly service: string; readonly unset: readonly string[] };
  readonly run: RunResult;
  readonly exec: ExecResult;
  readonly "key.list": { readonly keys: readonly KeyInfo[] };
  readonly "key.add": { readonly key: KeyInfo };
  readonly "key.remove": { readonly key: KeyInfo };
  readonly doctor: ServerHealth;
  readonly "registry.login": { readonly registry: RegistryInfo };
  readonly "registry.logout": { readonly registry: RegistryInfo };
  readonly "registry.list": { readonly registries: readonly RegistryInfo[] };
  readonly "cert.list": CertificateList;
  readonly "cert.add": { readonly certificate: CertificateInfo };
  readonly "cert.remove": { readonly host: string };
  readonly "cert.retry": { readonly certificates: readonly CertificateInfo[] };
  readonly "server.info": {
    readonly version: string;
    readonly instance: string;
    readonly domain?: string;
    /** True where certificates for wildcard domains can be had. */
    readonly wildcards?: boolean;
    /** Wildcards in certificates that were added by hand. */
    readonly own?: readonly string[];
  };
}

export interface ReleaseInfo {
  readonly service: string;
  readonly release: number;
  readonly state: "building" | "starting" | "live" | "stopped" | "retired" | "failed";
  /** Milliseconds since the epoch. */
  readonly created: number;
  /** Name of the key that asked for it, its fingerprint where it has none, or `root`. */
  readonly by: string;
  /** Id of its image, `sha256:…`; empty when it never had one or it was removed. */
  readonly image: string;
  /** The release whose image and settings it repeats. */
  readonly repeats?: number;
  /** True where a rollback to it needs no build. */
  readonly canRollBack: boolean;
  /** Set once its switch has ended. */
  readonly receipt?: Receipt;
}

/** What a push would do, decided by the code that does it. */
export interface PlannedChanges {
  readonly service: string;
  /** What is live now; left out when nothing is. */
  readonly live?: number;
  /** True where a push would say that nothing changed. */
  readonly unchanged: boolean;
  readonly changes: readonly Change[];
  readonly pause: Pause;
  /** Set while `mypaas scale` stands above what the Dockerfile says. */
  readonly scaledByCommand?: { readonly written: string; readonly replicas: number };
  /** How long the switch took that made the live release live, where requests waited then as well. */
  readonly lastMs?: number;
  /** `kept`: an image with this content is there. */
  readonly image: "kept" | "to be built";
  /** Keys whose values only the build can tell; the changes assume those of the live release. */
  readonly unknown: readonly string[];
}

/** What goes with a service, and what stays unless it is named. */
export interface RemoveInfo {
  readonly service: string;
  readonly routes: readonly string[];
  readonly containers: number;
  readonly images: number;
  readonly releases: number;
  /** Names of variables that were set on the server. */
  readonly env: readonly string[];
  /** Docker volumes. */
  readonly volumes: readonly string[];
  /** Folders on the server, which always stay. */
  readonly folders: readonly string[];
}

/** What a switch took: milliseconds to its cut-over and, where Traefik could be asked, requests meanwhile. */
export interface Receipt {
  readonly ms: number;
  readonly requests?: number;
  readonly failed?: number;
}

export interface KeyInfo {
  /** `SHA256:…` as ssh-keygen prints it. */
  readonly fingerprint: string;
  readonly type: string;
  readonly name: string;
  /** The options as written, empty when there are none. */
  readonly options: string;
  readonly expired: boolean;
  /** Milliseconds since the epoch, to the minute, of the last request that was accepted with it. */
  readonly lastUsed?: number;
}

/** What the server found about itself, and what a client needs to look at it from outside. */
export interface ServerHealth {
  readonly version: string;
  /** The server's clock, milliseconds since the epoch. */
  readonly now: number;
  readonly httpPort: number;
  readonly httpsPort: number;
  readonly checks: readonly Check[];
}

/** Every host that wants https, by name. */
export interface CertificateList {
  readonly certificates: readonly CertificateInfo[];
  /** Where certificates are asked for; left out while the server has no email address and so asks nobody. */
  readonly acme?: { readonly server: string };
}

/** One host and its certificate. */
export interface CertificateInfo {
  readonly host: string;
  /** Who answers there; empty for the server's own name. */
  readonly services: readonly string[];
  /** Set for a certificate that was added and that nobody has a use for now. */
  readonly unused?: true;
  /** `own`: added by hand; `waiting`: the CA is not asked, because it would refuse; `failed`: it was asked and refused. */
  readonly state: "issued" | "own" | "asking" | "waiting" | "failed";
  /** What is served now; left out while that is the server's own certificate. */
  readonly certificate?: {
    readonly issuer: string;
    /** Milliseconds since the epoch. */
    readonly from: number;
    readonly until: number;
  };
  /** What it waits for, or why it failed, in a few words such as `waiting for DNS`. */
  readonly about?: string;
  /** The same as a sentence with the facts. */
  readonly reason?: string;
  readonly hint?: string;
  /** The hint in pieces: text and commands of mypaas in turn, beginning with text. */
  readonly hintParts?: readonly string[];
  /** Milliseconds since the epoch. */
  readonly nextTry?: number;
}

/** A login that is kept; its password never leaves the server again. */
export interface RegistryInfo {
  readonly host: string;
  readonly username: string;
  /** Milliseconds since the epoch. */
  readonly since: number;
}
