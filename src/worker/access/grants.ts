import {
  grantUsed,
  isRevoked,
  revokeGrant,
  usedGrants,
  type UsedGrant,
} from "../../adapters/state/grants.ts";
import type { State } from "../../adapters/state/state.ts";
import type { RevokedToken, TokenInfo } from "../../core/actions/tokens.ts";
import { UserError } from "../../core/errors.ts";
import { command, hint } from "../../core/hints.ts";
import { maxGrantDays, revokedToken, verifyToken, type GrantedKey } from "../../core/wire/grant.ts";
import { mayManageKeys, type Caller } from "../../core/wire/permissions.ts";
import { enrolledKeys } from "./enrolled-keys.ts";

interface GrantParts {
  readonly state: State;
  readonly now: () => number;
}

/** The caller that shows a token; `authorise` decides afterwards what it may do. Throws UserError "bad-token", "bad-signature", "unknown-key" or "expired-key". */
export function callerOfToken(
  { state, now, server }: GrantParts & { readonly server: string },
  token: string,
): GrantedKey {
  const caller = verifyToken({ token, keys: enrolledKeys(state), server, now: now() });
  const { grant, fingerprint } = caller;
  if (isRevoked(state, grant.id, fingerprint)) throw revokedToken(grant);
  grantUsed(state, grant, fingerprint, now());
  return caller;
}

/** The tokens that were used: those of the caller's key, or all where it may manage keys. */
export function listTokens({ state, now }: GrantParts, caller: Caller): readonly TokenInfo[] {
  const keys = enrolledKeys(state);
  return visible(state, caller, now()).map(({ grant, key, lastUsed }) => {
    const { id, name, services, actions, access, expires } = grant;
    const maker = keys.find(({ fingerprint }) => fingerprint === key);
    const known = maker === undefined ? ("key removed" as const) : ("valid" as const);
    return {
      id,
      name,
      by: maker?.name || key,
      services,
      actions,
      access,
      expires,
      lastUsed,
      state: isRevoked(state, id, key) ? "revoked" : known,
    };
  });
}

/** Revokes by id or name; an id that was never used here is kept too, so that it cannot begin. Throws UserError "unknown-token". */
export function revokeToken(
  { state, now }: GrantParts,
  { token, expires }: { readonly token: string; readonly expires?: number },
  caller: Caller,
): RevokedToken {
  const seen = visible(state, caller, now());
  const byId = seen.filter(({ grant }) => grant.id === token);
  const found = byId.length > 0 ? byId : seen.filter(({ grant }) => grant.name === token);
  const ids = [...new Set(found.map(({ grant }) => grant.id))];
  const [id = token] = ids;
  if (ids.length > 1)
    throw unknown(`${ids.length} tokens have this name: ${ids.join(", ")}`, token);
  if (ids.length === 0 && !/^[0-9a-f]{16}$/.test(token))
    throw unknown("no token of this name was used here", token);
  const key = managesKeys(caller, now()) ? undefined : caller.fingerprint;
  const last = now() + maxGrantDays * 24 * 60 * 60_000;
  const ends = found[0]?.grant.expires ?? Math.min(expires ?? last, last);
  revokeGrant(state, { id, key, now: now(), expires: ends });
  const name = found[0]?.grant.name;
  return { id, ...(name !== undefined && { name }) };
}

function visible(state: State, caller: Caller, now: number): readonly UsedGrant[] {
  const all = usedGrants(state, now);
  if (managesKeys(caller, now)) return all;
  return all.filter(({ key }) => key === caller.fingerprint);
}

const managesKeys = (caller: Caller, now: number): caller is "root" =>
  caller === "root" || mayManageKeys(caller, now);

const unknown = (problem: string, token: string): UserError =>
  new UserError(`token ${token}: ${problem}`, {
    code: "unknown-token",
    hint: hint`name its id, or give the whole token: ${command("token list")}`,
  });
