import { maxPemBytes } from "../certificates/certificate-files.ts";
import { UserError } from "../errors.ts";
import { isRegistryHost } from "../server/registry.ts";

type Fields = Readonly<Record<string, unknown>>;

/** A registry as it stands in FROM; throws UserError "bad-request", as everything here does. */
export function registryHost({ host }: Fields): string {
  if (typeof host === "string" && isRegistryHost(host)) return host;
  throw bad(`host: not a registry: ${JSON.stringify(host)?.slice(0, 60)}`);
}

/** The messages name neither: the password may stand in the place of the name. */
export function readLogin({ username, password }: Fields) {
  if (typeof username !== "string" || !/^[^\p{Cc}:]{1,255}$/u.test(username))
    throw bad("username: not valid");
  if (typeof password !== "string" || !/^[^\0\r\n]{1,65536}$/.test(password))
    throw bad("password: should be one line of text");
  return { username, password };
}

/** A host that a certificate is for, in lower case and punycode. */
export function certificateHost({ host }: Fields): string {
  if (typeof host === "string" && /^(\*\.)?[a-z0-9_]([a-z0-9._-]{0,251}[a-z0-9])?$/.test(host))
    return host;
  throw bad(`host: not a host name: ${JSON.stringify(host)?.slice(0, 60)}`);
}

/** The messages show nothing of either: the key may stand in the place of the certificate. */
export function readCertificate(value: Fields) {
  return {
    host: certificateHost(value),
    certificate: pem(value, "certificate"),
    privateKey: pem(value, "privateKey"),
  };
}

function pem(value: Fields, name: string): string {
  const text = value[name];
  if (typeof text === "string" && text.length <= maxPemBytes && !text.includes("\0")) return text;
  throw bad(`${name}: should be PEM of at most ${maxPemBytes} characters`);
}

const bad = (message: string): UserError =>
  new UserError(`request: ${message}`, { code: "bad-request" });
