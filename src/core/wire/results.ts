import type { Change } from "../release/changes.ts";
import type { Pause } from "../release/switch-way.ts";
import type { Check } from "../server/health.ts";
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
  readonly "server.info": {
    readonly version: string;
    readonly instance: string;
    readonly domain?: string;
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

/** A login that is kept; its password never leaves the server again. */
export interface RegistryInfo {
  readonly host: string;
  readonly username: string;
  /** Milliseconds since the epoch. */
  readonly since: number;
}
