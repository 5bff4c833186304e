import { UserError } from "../../core/errors.ts";
import type { UserChange, UserInfo } from "../../core/actions/auth.ts";
import { command, hint } from "../../core/hints.ts";
import type { Users } from "../../core/routing/middlewares.ts";
import { currentRelease } from "../../adapters/state/releases.ts";
import type { State } from "../../adapters/state/state.ts";
import { putUser, readUsers, removeUser, usersOf } from "../../adapters/state/users.ts";

export interface UserParts {
  readonly state: State;
  readonly now: () => number;
  /** Brings the passwords to Traefik. */
  readonly serveUsers: (users: Users) => Promise<void>;
}

/** Users with a password, and users of the live release without one. */
export function listUsers(state: State, service: string): readonly UserInfo[] {
  const named = namedUsers(state, service);
  const known = usersOf(state, service);
  const missing = named.filter((user) => known.every(({ name }) => name !== user));
  return [
    ...known.map(({ name, since }) => ({ user: name, since, inUse: named.includes(name) })),
    ...missing.map((user) => ({ user, inUse: true })),
  ];
}

/** Sets a password; it counts at once, without a release. */
export async function setPassword(
  parts: UserParts,
  {
    service,
    user,
    hash,
  }: { readonly service: string; readonly user: string; readonly hash: string },
): Promise<UserChange> {
  putUser(parts.state, service, { name: user, hash, since: parts.now() });
  return served(parts, service, user);
}

/** Throws UserError "no-user" when there is no such password. */
export async function removePassword(
  parts: UserParts,
  { service, user }: { readonly service: string; readonly user: string },
): Promise<UserChange> {
  if (!removeUser(parts.state, service, user))
    throw new UserError(`auth ${service}: ${user} has no password here`, {
      code: "no-user",
      hint: hint`list the users: ${command(`auth ${service}`)}`,
    });
  return served(parts, service, user);
}

async function served(
  { state, serveUsers }: UserParts,
  service: string,
  user: string,
): Promise<UserChange> {
  await serveUsers(readUsers(state));
  return { service, user, inUse: namedUsers(state, service).includes(user) };
}

const namedUsers = (state: State, service: string): readonly string[] =>
  currentRelease(state, service)?.release.spec.auth ?? [];
