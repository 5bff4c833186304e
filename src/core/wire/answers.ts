import type { Problem } from "../dockerfile/problems.ts";
import type { RouteRefusal } from "../release/server-refusals.ts";
import type { ServiceSpec } from "../release/spec.ts";
import type { Check } from "../health/check.ts";
import type { RunResult } from "../actions/programs.ts";
import type { PlannedChanges } from "../actions/push.ts";
import type { LinkInfo } from "../actions/links.ts";
import type { Results } from "../actions/actions.ts";
import type { PsSnapshot } from "../actions/watch.ts";

/** What each command answers on stdout with `--json`, as one line; what is not here answers with events only. */
export interface Answers {
  readonly init: InitAnswer;
  /** `hook` is the path of the webhook; the secret is shown only now. */
  readonly link: LinkAnswer;
  /** Of `mypaas link SERVICE` too. */
  readonly "link list": Results["link.list"];
  readonly "link remove": Results["link.remove"];
  readonly plan: PlannedChanges;
  /** With `--watch` one line after the other. */
  readonly ps: PsSnapshot;
  /** While the page is served; the address holds its secret. */
  readonly open: { readonly url: string };
  readonly releases: Results["release.list"];
  readonly stats: Results["metrics"];
  readonly check: CheckAnswer;
  readonly eject: EjectAnswer;
  readonly env: Results["env.list"];
  /** With `--next-push`, or for a service that does not run; else the events of a release. */
  readonly "env set": Results["env.set"];
  /** Likewise. */
  readonly "env unset": Results["env.unset"];
  readonly auth: Results["auth.list"];
  readonly "auth set": AuthAnswer;
  readonly "auth remove": Results["auth.remove"];
  /** With `--detach`. */
  readonly run: RunResult;
  /** Of `on` and `off` too. */
  readonly maintenance: Results["maintenance.show"];
  readonly doctor: DoctorAnswer;
  readonly "key add": Results["key.add"];
  readonly "key list": Results["key.list"];
  readonly "key remove": Results["key.remove"];
  readonly "token create": TokenAnswer;
  readonly "token list": Results["token.list"];
  readonly "token revoke": Results["token.revoke"];
  readonly "remote add": RemoteAnswer;
  readonly "remote list": { readonly remotes: readonly KnownRemote[] };
  readonly "remote show": RemoteAnswer;
  /** `null` while no remote is known. */
  readonly "remote default": { readonly name: string | null };
  readonly "remote rename": { readonly name: string; readonly was: string };
  readonly "remote remove": { readonly removed: string };
  readonly "git add": GitRemoteAnswer;
  readonly "registry login": Results["registry.login"];
  readonly "registry logout": Results["registry.logout"];
  readonly "registry list": Results["registry.list"];
  /** Of `mypaas cert` alone too. */
  readonly "cert list": Results["cert.list"];
  readonly "cert add": Results["cert.add"];
  readonly "cert remove": Results["cert.remove"];
  readonly "cert retry": Results["cert.retry"];
  readonly completion: { readonly shell: string; readonly script: string };
  readonly "help keys": { readonly keys: readonly KeyHelp[] };
}

export interface LinkAnswer {
  readonly link: LinkInfo;
  readonly hook: string;
  readonly secret: string;
}

export interface GitRemoteAnswer {
  /** Name of the git remote. */
  readonly name: string;
  readonly url: string;
  readonly service?: string;
  /** Of the Dockerfile, in the repository. */
  readonly path?: string;
}

export interface AuthAnswer {
  readonly service: string;
  readonly user: string;
  /** True when the live release names this user, so that the password counts at once. */
  readonly inUse: boolean;
  /** Only where mypaas made it. */
  readonly password?: string;
}

/** A token that was made; who has it may do what it says. */
export interface TokenAnswer {
  readonly token: string;
  readonly id: string;
  readonly name: string;
  /** Id of the server that it is for. */
  readonly server: string;
  readonly services: readonly string[];
  readonly actions: readonly string[];
  readonly access: "read" | "change";
  /** Milliseconds since the epoch, as `expires`. */
  readonly created: number;
  readonly expires: number;
}

export interface InitAnswer {
  readonly changed: boolean;
  readonly steps: readonly { readonly step: string; readonly did: string }[];
  /** The connection string for `mypaas remote add`. */
  readonly remote: string;
  /** The `mypaas remote add` command for the laptop. */
  readonly command: string;
  /** The command that starts the worker; only with `--no-systemd`. */
  readonly worker?: string;
}

/** `spec` is null where there are problems. */
export interface CheckAnswer {
  readonly file: string;
  readonly spec: ServiceSpec | null;
  readonly problems: readonly Problem[];
  readonly warnings: readonly Problem[];
  /** What the server that `-r` names would refuse; left out where none was asked. */
  readonly refusals?: readonly RouteRefusal[];
  /** With `--generate`: what a push makes where there is no Dockerfile. */
  readonly made?: {
    readonly what: string;
    readonly dockerfile: string;
    readonly dockerignore: string;
  };
}

export interface EjectAnswer {
  /** The files that were written, as the folder was typed. */
  readonly files: readonly string[];
  /** Such as `python (pip, flask)`. */
  readonly what: string;
}

export interface DoctorAnswer {
  readonly checks: readonly Check[];
  readonly failed: number;
  readonly warnings: number;
}

export interface KnownRemote {
  readonly name: string;
  /** `https://host[:port]`. */
  readonly origin: string;
  /** Id of the server, 16 hex digits. */
  readonly server: string;
  /** base64url of the sha256 of the key that the server must show; left out: its public certificate is enough. */
  readonly pin?: string | undefined;
  /** `SHA256:…` of the key whose signature it accepted last. */
  readonly fingerprint?: string | undefined;
}

export interface RemoteAnswer extends KnownRemote {
  readonly isDefault: boolean;
  /** Of mypaas there; only in the answer of `show`, and left out when the server does not answer. */
  readonly version?: string | undefined;
}

/** A key of a Dockerfile. */
export interface KeyHelp {
  readonly name: string;
  readonly aliases: readonly string[];
  /** True for what may stand there more than once. */
  readonly many: boolean;
  readonly value: string;
  readonly default: string;
  readonly help: string;
}
