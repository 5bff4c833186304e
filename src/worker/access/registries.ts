import { UserError } from "../../core/errors.ts";
import type { ActionOf } from "../../core/actions/actions.ts";
import type { RegistryInfo } from "../../core/actions/registries.ts";
import { putRegistry, readRegistries, removeRegistry } from "../../adapters/state/registries.ts";
import type { State } from "../../adapters/state/state.ts";
import { command, hint } from "../../core/hints.ts";

type Login = ActionOf<"registry.login">;

/** Checks a login at the registry; throws UserError when it is refused. */
export type CheckLogin = (login: Omit<Login, "action">) => Promise<void>;

interface LoginParts {
  readonly state: State;
  readonly now: () => number;
  readonly checkLogin: CheckLogin;
}

/** Stores a login after the registry has accepted it. A refused login leaves the stored one as it is. */
export async function logIn(parts: LoginParts, login: Login): Promise<RegistryInfo> {
  const { host, username, password } = login;
  await parts.checkLogin({ host, username, password });
  const since = parts.now();
  putRegistry(parts.state, { host, username, password, since });
  return { host, username, since };
}

/** Throws UserError "no-login" when none is stored. */
export function logOut(state: State, host: string): RegistryInfo {
  const removed = removeRegistry(state, host);
  if (removed !== undefined) return removed;
  throw new UserError(`registry ${host}: no login is stored`, {
    code: "no-login",
    hint: hint`list the logins: ${command("registry list")}`,
  });
}

export const listRegistries = (state: State): readonly RegistryInfo[] =>
  readRegistries(state).map(({ host, username, since }) => ({ host, username, since }));
