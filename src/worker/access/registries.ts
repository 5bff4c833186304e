import { UserError } from "../../core/errors.ts";
import type { Action } from "../../core/wire/protocol.ts";
import type { RegistryInfo } from "../../core/wire/results.ts";
import { putRegistry, readRegistries, removeRegistry } from "../../adapters/state/registries.ts";
import type { State } from "../../adapters/state/state.ts";
import { command, hint } from "../../core/hints.ts";

type Login = Extract<Action, { readonly action: "registry.login" }>;

/** Asks the registry whether it takes a login; throws UserError when it does not. */
export type CheckLogin = (login: Omit<Login, "action">) => Promise<void>;

export interface LoginParts {
  readonly state: State;
  readonly now: () => number;
  readonly checkLogin: CheckLogin;
}

/** Keeps a login that the registry has taken; one that it refuses leaves what was kept before. */
export async function logIn(parts: LoginParts, login: Login): Promise<RegistryInfo> {
  const { host, username, password } = login;
  await parts.checkLogin({ host, username, password });
  const since = parts.now();
  putRegistry(parts.state, { host, username, password, since });
  return { host, username, since };
}

/** Throws UserError "no-login" when there is nothing to forget. */
export function logOut(state: State, host: string): RegistryInfo {
  const gone = removeRegistry(state, host);
  if (gone !== undefined) return gone;
  throw new UserError(`registry ${host}: no login is kept for it`, {
    code: "no-login",
    hint: hint`see which are: ${command("registry list")}`,
  });
}

export const listRegistries = (state: State): readonly RegistryInfo[] =>
  readRegistries(state).map(({ host, username, since }) => ({ host, username, since }));
