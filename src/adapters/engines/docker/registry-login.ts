import { UserError } from "../../../core/errors.ts";
import { redactor } from "../../../core/redact.ts";
import { engineAddress } from "../../../core/server/registry.ts";
import { plainText } from "../../../core/terminal-text.ts";
import { openDocker, reaching, reasonOf, statusOf, within } from "./client.ts";

export interface Login {
  /** As in FROM. */
  readonly host: string;
  readonly username: string;
  readonly password: string;
}

const patienceMs = 20_000;

/** Has the engine try a login at its registry, so that it is tried from where it will be used; throws UserError when it is refused or gets no answer. */
export async function checkLogin(socketPath: string, login: Login): Promise<void> {
  const { host, username, password } = login;
  const asked = { username, password, serveraddress: engineAddress(host), abortSignal: undefined };
  const ask = () => openDocker(socketPath).checkAuth(asked);
  try {
    await reaching(socketPath, () => within(patienceMs, ask(), () => unreachable(host, [])))();
  } catch (error) {
    if (error instanceof UserError || statusOf(error) === undefined) throw error;
    throw refusal(login, statusOf(error), redactor([password])(plainText(reasonOf(error))));
  }
}

function refusal({ host, username }: Login, status: number | undefined, reason: string): UserError {
  const isUnreachable =
    /dial tcp|no such host|i\/o timeout|TLS handshake|x509:|connection refused|Client\.Timeout|HTTP response to HTTPS/;
  if (isUnreachable.test(reason)) return unreachable(host, [reason]);
  const isRefused =
    status === 401 || /unauthorized|incorrect username|denied|\b40[13]\b/i.test(reason);
  const [problem, hint] = isRefused
    ? [
        `refused the login of ${username}`,
        "check the name and the password; many registries want a token instead of it",
      ]
    : ["could not check the login", `see that it is a registry: curl -i https://${host}/v2/`];
  const more = { code: "login-refused", hint, details: [reason] };
  return new UserError(`registry ${host}: ${problem}`, more);
}

const unreachable = (host: string, details: readonly string[]): UserError =>
  new UserError(`registry ${host}: cannot be reached from the server`, {
    code: "registry-unreachable",
    hint: "check the name, and the server's network and DNS, then log in again",
    details,
  });
