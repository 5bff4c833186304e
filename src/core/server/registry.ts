/** Docker Hub has several names; this one is used in FROM. */
export const dockerHub = "docker.io";
/** Docker's own key for the login of Docker Hub. */
const dockerHubKey = "https://index.docker.io/v1/";
const hubNames = [dockerHub, "index.docker.io", "registry-1.docker.io", "www.docker.io"];

/** A registry's name as in FROM: no scheme, no path, one name for Docker Hub. Undefined for any other text. */
export function registryHost(text: string): string | undefined {
  const host = text
    .trim()
    .toLowerCase()
    .replace(/^https?:\/\//, "")
    .replace(/\/(v[12]\/?)?$/, "");
  if (hubNames.includes(host)) return dockerHub;
  return isRegistryHost(host) ? host : undefined;
}

/** True for a host, with or without a port, that Docker takes for a registry and not for a user of Docker Hub. */
export function isRegistryHost(host: string): boolean {
  const name = /^([a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:]+\])(:\d{1,5})?$/.exec(host);
  if (name === null || host.length > 253) return false;
  return host.includes(".") || host.includes(":") || host === "localhost";
}

/** The registry's name in logins of the engine's API. */
export const engineAddress = (host: string): string => (host === dockerHub ? dockerHubKey : host);

/** The login for exactly this host. */
export function loginFor<T extends { readonly host: string }>(
  logins: readonly T[],
  registry: string,
): T | undefined {
  const host = registryHost(registry);
  return host === undefined ? undefined : logins.find((login) => login.host === host);
}
