import { addKey, lastUses, removeKey } from "../../adapters/state/keys.ts";
import type { State } from "../../adapters/state/state.ts";
import { UserError } from "../../core/errors.ts";
import { parseKeyLine, type EnrolledKey } from "../../core/ssh/authorized-keys.ts";
import { idOf, mayManageKeys, type Caller } from "../../core/wire/permissions.ts";
import type { KeyInfo } from "../../core/actions/keys.ts";
import { enrolledKeys } from "./enrolled-keys.ts";
import { command, hint, type Hint } from "../../core/hints.ts";

interface KeyParts {
  readonly state: State;
  readonly now: () => number;
  /** Writes the keys of the state to the receiver's file. */
  readonly keysChanged: () => Promise<void>;
}

/** All keys, in the order of their enrolment. */
export function keyInfos({ state, now }: KeyParts): readonly KeyInfo[] {
  const uses = lastUses(state);
  return enrolledKeys(state).map((key) => keyInfo(key, now(), uses.get(key.fingerprint)));
}

/** Enrols a key; throws UserError "bad-key" or "duplicate-key". */
export async function enrol(parts: KeyParts, line: string, caller: Caller): Promise<KeyInfo> {
  const key = parseKeyLine(line);
  if (typeof key === "string")
    throw new UserError(`key: ${key}`, {
      code: "bad-key",
      hint: hint`give one line of an OpenSSH public key file: ${command("key add ~/.ssh/id_ed25519.pub")}`,
    });
  const { fingerprint } = key;
  const added = { fingerprint, line: key.line, now: parts.now(), by: idOf(caller) };
  if (!addKey(parts.state, added))
    throw new UserError(`key ${fingerprint}: already enrolled`, {
      code: "duplicate-key",
      hint: hint`to change its options, first run: ${command(`key remove ${fingerprint}`)}`,
    });
  await parts.keysChanged();
  return keyInfo(key, parts.now(), undefined);
}

/** Revokes a key by fingerprint or name, and with it the tokens of its requests. */
export async function revoke(parts: KeyParts, which: string, caller: Caller): Promise<KeyInfo> {
  const keys = enrolledKeys(parts.state);
  const key = pick(keys, which);
  const { fingerprint } = key;
  const others = keys.filter((other) => other !== key && mayManageKeys(other, parts.now()));
  if (caller !== "root" && others.length === 0)
    throw new UserError(`key ${fingerprint}: it is the last key that may manage keys`, {
      code: "last-key",
      hint: hint`enrol another key first: ${command("key add")}, or remove it as root on the server`,
    });
  const used = lastUses(parts.state).get(fingerprint);
  removeKey(parts.state, fingerprint);
  await parts.keysChanged();
  return keyInfo(key, parts.now(), used);
}

/** A fingerprint comes before a name, which can be any text. */
function pick(keys: readonly EnrolledKey[], which: string): EnrolledKey {
  const exact = keys.find((key) => key.fingerprint === which);
  const found = exact ? [exact] : keys.filter((key) => key.name === which);
  const [first] = found;
  const refuse = (problem: string, wayOut: Hint): UserError =>
    new UserError(`key ${which}: ${problem}`, { code: "unknown-key", hint: wayOut });
  if (first === undefined)
    throw refuse("not enrolled", hint`list the keys: ${command("key list")}`);
  if (found.length === 1) return first;
  const many = found.map((key) => key.fingerprint).join(", ");
  const wayOut = hint`use a fingerprint: ${command(`key remove ${first.fingerprint}`)}`;
  throw refuse(`${found.length} keys have this name: ${many}`, wayOut);
}

function keyInfo(key: EnrolledKey, now: number, lastUsed: number | undefined): KeyInfo {
  const { fingerprint, type, name, optionsText: options } = key;
  const { expires } = key.options;
  return {
    fingerprint,
    type,
    name,
    options,
    expired: expires !== undefined && expires <= now,
    ...(lastUsed !== undefined && { lastUsed }),
  };
}
