import { UserError } from "../../../core/errors.ts";
import { redactor } from "../../../core/redact.ts";
import { engineAddress } from "../../../core/server/registry.ts";
import { plainText } from "../../../core/terminal-text.ts";
import { openDocker, reaching, reasonOf, statusOf } from "./client.ts";

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
  const ask = reaching(socketPath, async () => {
    const asked = { username, password, serveraddress: engineAddress(host) };
    const options = { ...asked, abortSignal: undefined };
    await withinPatience(host, openDocker(socketPath).checkAuth(options));
  });
  try {
    await ask();
  } catch (error) {
    if (error instanceof UserError || statusOf(error) === undefined) throw error;
    throw refusal(login, statusOf(error), redactor([password])(plainText(reasonOf(error))));
  }
}

async function withinPatience(host: string, call: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const silence = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(unreachable(host, [])), patienceMs);
  });
  try {
    await Promise.race([call, silence]);
  } finally {
    clearTimeout(timer);
  }
}

function refusal({ host, username }: Login, status: number | undefined, reason: string): UserError {
  const isUnreachable =
    /dial tcp|no such host|i\/o timeout|TLS handshake|x509:|connection refused|Client\.Timeout|HTTP response to HTTPS/;
  if (isUnreachable.test(reason)) return unreachable(host, [reason]);
  if (status === 401 || /unauthorized|incorrect username|denied|\b40[13]\b/i.test(reason)) {
    return new UserError(`registry ${host}: refused the login of ${username}`, {
      code: "login-refused",
      hint: "check the name and the password; many registries want a token instead of it",
      details: [reason],
    });
  }
  return new UserError(`registry ${host}: could not check the login`, {
    code: "login-refused",
    hint: `see that it is a registry: curl -i https://${host}/v2/`,
    details: [reason],
  });
}

const unreachable = (host: string, details: readonly string[]): UserError =>
  new UserError(`registry ${host}: cannot be reached from the server`, {
    code: "registry-unreachable",
    hint: "check the name, and the server's network and DNS, then log in again",
    details,
  });
