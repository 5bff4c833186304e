import type { ActionOf, NamesOf, Results } from "../../core/actions/actions.ts";
import type { BuilderFacts } from "../../core/dockerfile/syntax.ts";
import type { CertificateList } from "../../core/actions/certificates.ts";
import { maySee, type Caller } from "../../core/wire/permissions.ts";
import { useOf } from "../../core/release/values.ts";
import { readValues } from "../../adapters/state/env.ts";
import { currentRelease } from "../../adapters/state/releases.ts";
import { fingerprint } from "../../adapters/state/secrets.ts";
import type { State } from "../../adapters/state/state.ts";
import type { Certificates } from "../certificates/certificates.ts";
import { manualNames } from "../certificates/server-facts.ts";
import { enrol, keyInfos, revoke } from "../access/key-actions.ts";
import { listTokens, revokeToken } from "../access/grants.ts";
import type { MaintenanceControl } from "../maintenance/maintenance.ts";
import { jobInfos, jobSteps } from "../status/listed-jobs.ts";
import { listedReleases } from "../status/listed-releases.ts";
import { listUsers, removePassword, setPassword, type UserParts } from "../access/users.ts";
import { listLinks, setLink, unlink } from "../links/links.ts";
import { listRegistries, logIn, logOut, type CheckLogin } from "../access/registries.ts";

/** How each action that is answered at once is performed; `authorise` has allowed it before. */
type DirectActions = {
  readonly [N in NamesOf<"answer">]: (
    action: ActionOf<N>,
    caller: Caller,
  ) => Results[N] | Promise<Results[N]>;
};

export interface ActionParts {
  readonly state: State;
  readonly now: () => number;
  readonly random: (bytes: number) => Buffer;
  readonly version: string;
  readonly instance: string;
  readonly domain: string | undefined;
  readonly wildcards: boolean;
  readonly certificates: Pick<Certificates, "list" | "add" | "remove" | "retry">;
  readonly maintenance: Pick<MaintenanceControl, "show" | "set">;
  /** Brings the receiver's file in line with the keys in the state. */
  readonly keysChanged: () => Promise<void>;
  readonly serveUsers: UserParts["serveUsers"];
  /** Throws UserError when the registry does not take the login. */
  readonly checkLogin: CheckLogin;
  readonly examine: (host: string | undefined) => Promise<Results["doctor"]>;
  readonly removeInfo: (service: string) => Promise<Results["remove.list"]>;
  readonly plan: DirectActions["plan"];
  readonly metrics: (asked: ActionOf<"metrics">, caller: Caller) => Results["metrics"];
  readonly disk: (caller: Caller) => Promise<Results["disk"]>;
  /** What builds images here; undefined while Docker does not answer. */
  readonly builder: () => Promise<BuilderFacts | undefined>;
  /** Ids of the images among these that are there; undefined while Docker does not answer. */
  readonly imagesThere: (references: readonly string[]) => Promise<ReadonlySet<string> | undefined>;
}

/** Performs the actions that are answered at once. */
export function directActions(parts: ActionParts): DirectActions {
  const { state, certificates } = parts;
  return {
    plan: parts.plan,
    "remove.list": ({ service }) => parts.removeInfo(service),
    "release.list": async ({ service }, caller) => ({
      releases: await listedReleases(parts, service, caller),
    }),
    "job.list": (asked, caller) => ({ jobs: jobInfos(parts, asked, caller) }),
    // `withItsJob` has completed the request.
    "job.steps": ({ job = 0 }) => jobSteps(state, job),
    metrics: (asked, caller) => parts.metrics(asked, caller),
    disk: (_, caller) => parts.disk(caller),
    "env.list": ({ service }) => listEnv(parts, service),
    "auth.list": ({ service }) => ({ service, users: listUsers(state, service) }),
    "auth.set": (asked) => setPassword(parts, asked),
    "auth.remove": (asked) => removePassword(parts, asked),
    "key.list": () => ({ keys: keyInfos(parts) }),
    "key.add": async ({ line }, caller) => ({ key: await enrol(parts, line, caller) }),
    "key.remove": async ({ fingerprint }, caller) => ({
      key: await revoke(parts, fingerprint, caller),
    }),
    "token.list": (_, caller) => ({ tokens: listTokens(parts, caller) }),
    "token.revoke": (asked, caller) => ({ token: revokeToken(parts, asked, caller) }),
    "registry.list": () => ({ registries: listRegistries(state) }),
    "registry.login": async (login) => ({ registry: await logIn(parts, login) }),
    "registry.logout": ({ host }) => ({ registry: logOut(state, host) }),
    "link.list": ({ service }, caller) => ({ links: listLinks(parts, service, caller) }),
    "link.set": (asked, caller) => setLink(parts, asked, caller),
    "link.remove": ({ service }) => ({ link: unlink(parts, service) }),
    "cert.list": (_, caller) => visibleTo(caller, certificates.list()),
    "cert.add": async (added) => ({ certificate: await certificates.add(added) }),
    "cert.remove": async ({ host }) => {
      await certificates.remove(host);
      return { host };
    },
    "cert.retry": async ({ host }) => ({ certificates: await certificates.retry(host) }),
    "maintenance.show": ({ service }) => parts.maintenance.show(service),
    "maintenance.set": (wanted) => parts.maintenance.set(wanted),
    doctor: ({ host }) => parts.examine(host),
    "server.info": async () => {
      const { version, instance, domain, wildcards } = parts;
      const own = manualNames(state).filter((name) => name.startsWith("*."));
      const builder = await parts.builder();
      const more = { ...(domain !== undefined && { domain }), ...(builder && { builder }) };
      return { version, instance, ...more, wildcards, own };
    },
  };
}

/** Hosts of services that the key may see, and the server's own. */
function visibleTo(caller: Caller, { certificates, acme }: CertificateList): CertificateList {
  const shown = certificates.flatMap((one) => {
    const services = one.services.filter((service) => maySee(caller, service));
    return services.length === 0 && one.services.length > 0 ? [] : [{ ...one, services }];
  });
  return { certificates: shown, ...(acme !== undefined && { acme }) };
}

/** Shows keyed fingerprints instead of values: equal values have equal ones, and without the key none can be guessed. */
function listEnv({ state }: ActionParts, service: string): Results["env.list"] {
  const spec = currentRelease(state, service)?.release.spec;
  const env = Object.entries(readValues(state, service)).map(([name, one]) => ({
    name,
    fingerprint: fingerprint(state, JSON.stringify([service, name, one.value])).slice(0, 12),
    ...useOf(spec, name, one),
  }));
  return { service, env };
}
