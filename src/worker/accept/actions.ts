import { createHmac } from "node:crypto";
import { maySee, type Caller } from "../../core/wire/permissions.ts";
import type { Action, JobAction } from "../../core/wire/protocol.ts";
import type { CertificateList, RemoveInfo, Results } from "../../core/wire/results.ts";
import { readEnv } from "../../adapters/state/env.ts";
import { ensureMeta } from "../../adapters/state/meta.ts";
import type { State } from "../../adapters/state/state.ts";
import type { Certificates } from "../certificates/certificates.ts";
import { manualNames } from "../certificates/server-facts.ts";
import { enrol, keyInfos, revoke } from "../access/key-actions.ts";
import { listedReleases } from "../status/listed-releases.ts";
import { listRegistries, logIn, logOut, type CheckLogin } from "../access/registries.ts";

/** Everything that is answered at once; what becomes a job is not. */
export type DirectAction = Exclude<
  Action,
  JobAction | { readonly action: "cancel" | "run" | "exec" | "logs" | "job.log" | "ps" }
>;

export interface ActionParts {
  readonly state: State;
  readonly now: () => number;
  readonly random: (bytes: number) => Buffer;
  readonly version: string;
  readonly instance: string;
  readonly domain: string | undefined;
  readonly wildcards: boolean;
  readonly certificates: Pick<Certificates, "list" | "add" | "remove" | "retry">;
  /** Brings the receiver's file in line with the keys in the state. */
  readonly keysChanged: () => Promise<void>;
  /** Throws UserError when the registry does not take the login. */
  readonly checkLogin: CheckLogin;
  readonly examine: (host: string | undefined) => Promise<Results["doctor"]>;
  readonly removeInfo: (service: string) => Promise<RemoveInfo>;
  readonly plan: (
    action: Extract<Action, { readonly action: "plan" }>,
    caller: Caller,
  ) => Promise<Results["plan"]>;
  /** Ids of the images among these that are there; undefined while Docker does not answer. */
  readonly imagesThere: (references: readonly string[]) => Promise<ReadonlySet<string> | undefined>;
}

/** Performs an action that `authorise` has allowed. */
export async function performAction(
  parts: ActionParts,
  action: DirectAction,
  caller: Caller,
): Promise<Results[keyof Results]> {
  const { state } = parts;
  switch (action.action) {
    case "plan":
      return parts.plan(action, caller);
    case "remove.list":
      return parts.removeInfo(action.service);
    case "release.list":
      return { releases: await listedReleases(parts, action.service, caller) };
    case "env.list":
      return listEnv(parts, action.service);
    case "key.list":
      return { keys: keyInfos(parts) };
    case "key.add":
      return { key: await enrol(parts, action.line, caller) };
    case "key.remove":
      return { key: await revoke(parts, action.fingerprint, caller) };
    case "registry.list":
      return { registries: listRegistries(state) };
    case "registry.login":
      return { registry: await logIn(parts, action) };
    case "registry.logout":
      return { registry: logOut(state, action.host) };
    case "cert.list":
      return visibleTo(caller, parts.certificates.list());
    case "cert.add":
      return { certificate: await parts.certificates.add(action) };
    case "cert.remove":
      await parts.certificates.remove(action.host);
      return { host: action.host };
    case "cert.retry":
      return { certificates: await parts.certificates.retry(action.host) };
    case "doctor":
      return parts.examine(action.host);
    case "server.info": {
      const { version, instance, domain, wildcards } = parts;
      const own = manualNames(state).filter((name) => name.startsWith("*."));
      return { version, instance, ...(domain !== undefined && { domain }), wildcards, own };
    }
  }
}

/** Hosts of services that the key may see, and the server's own. */
function visibleTo(caller: Caller, { certificates, acme }: CertificateList): CertificateList {
  const shown = certificates.flatMap((one) => {
    const services = one.services.filter((service) => maySee(caller, service));
    return services.length === 0 && one.services.length > 0 ? [] : [{ ...one, services }];
  });
  return { certificates: shown, ...(acme !== undefined && { acme }) };
}

/** Values never leave; a keyed fingerprint tells whether two are equal and nothing to who guesses offline. */
function listEnv(parts: ActionParts, service: string): Results["env.list"] {
  const secret = ensureMeta(parts.state, "env-fingerprints", () =>
    parts.random(32).toString("hex"),
  );
  const env = Object.entries(readEnv(parts.state, service)).map(([name, value]) => {
    const mac = createHmac("sha256", Buffer.from(secret, "hex"));
    const fingerprint = mac.update(JSON.stringify([service, name, value])).digest("hex");
    return { name, fingerprint: fingerprint.slice(0, 12) };
  });
  return { service, env };
}
