import { createHmac } from "node:crypto";
import { parseKeyLine, type EnrolledKey } from "../core/ssh/authorized-keys.ts";
import { UserError } from "../core/errors.ts";
import { idOf, mayManageKeys, type Caller } from "../core/wire/permissions.ts";
import type { Action, JobAction } from "../core/wire/protocol.ts";
import type { KeyInfo, RemoveInfo, Results } from "../core/wire/results.ts";
import { readEnv } from "../adapters/state/env.ts";
import { addKey, removeKey } from "../adapters/state/keys.ts";
import { ensureMeta } from "../adapters/state/meta.ts";
import type { State } from "../adapters/state/state.ts";
import { enrolledKeys } from "./enrolled.ts";
import { listedReleases } from "./listed-releases.ts";

/** Everything that is answered at once; what becomes a job is not. */
export type DirectAction = Exclude<Action, JobAction | { readonly action: "cancel" }>;

export interface ActionParts {
  readonly state: State;
  readonly now: () => number;
  readonly random: (bytes: number) => Buffer;
  readonly version: string;
  readonly instance: string;
  readonly domain: string | undefined;
  /** Brings the receiver's file in line with the keys in the state. */
  readonly keysChanged: () => Promise<void>;
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
      return { keys: enrolledKeys(state).map((key) => keyInfo(key, parts.now())) };
    case "key.add":
      return { key: await enrol(parts, action.line, idOf(caller)) };
    case "key.remove":
      return { key: await revoke(parts, action.fingerprint, idOf(caller)) };
    case "server.info": {
      const { version, instance, domain } = parts;
      return { version, instance, ...(domain !== undefined && { domain }) };
    }
  }
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

async function enrol(parts: ActionParts, line: string, caller: string): Promise<KeyInfo> {
  const key = parseKeyLine(line);
  if (typeof key === "string") {
    throw new UserError(`key: ${key}`, {
      code: "bad-key",
      hint: "give one line of an OpenSSH public key file: mypaas key add ~/.ssh/id_ed25519.pub",
    });
  }
  const { fingerprint } = key;
  const isNew = addKey(parts.state, { fingerprint, line: key.line, now: parts.now(), by: caller });
  if (!isNew) {
    throw new UserError(`key ${fingerprint}: already enrolled`, {
      code: "duplicate-key",
      hint: `to change its options, first run: mypaas key remove ${fingerprint}`,
    });
  }
  await parts.keysChanged();
  return keyInfo(key, parts.now());
}

async function revoke(parts: ActionParts, fingerprint: string, caller: string): Promise<KeyInfo> {
  const keys = enrolledKeys(parts.state);
  const key = keys.find((candidate) => candidate.fingerprint === fingerprint);
  if (key === undefined) {
    throw new UserError(`key ${fingerprint}: not enrolled`, {
      code: "unknown-key",
      hint: "see which are: mypaas key list",
    });
  }
  const others = keys.filter((other) => other !== key && mayManageKeys(other, parts.now()));
  if (caller !== "root" && others.length === 0) {
    throw new UserError(`key ${fingerprint}: the last one that may manage keys`, {
      code: "last-key",
      hint: "enrol another first: mypaas key add, or remove it as root on the server",
    });
  }
  removeKey(parts.state, fingerprint);
  await parts.keysChanged();
  return keyInfo(key, parts.now());
}

function keyInfo(key: EnrolledKey, now: number): KeyInfo {
  const { expires } = key.options;
  return {
    fingerprint: key.fingerprint,
    type: key.type,
    name: key.name,
    options: key.optionsText,
    expired: expires !== undefined && expires <= now,
  };
}
