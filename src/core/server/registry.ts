/** Docker Hub has many names; this is the one in FROM. */
export const dockerHub = "docker.io";
/** What Docker itself calls the place of its login. */
const dockerHubKey = "https://index.docker.io/v1/";
const hubNames = [dockerHub, "index.docker.io", "registry-1.docker.io", "www.docker.io"];

/** A registry as people write it, as it stands in FROM: without scheme and path, one name for Docker Hub; undefined when it is none. */
export function registryHost(text: string): string | undefined {
  const host = text
    .trim()
    .toLowerCase()
    .replace(/^https?:\/\//, "")
    .replace(/\/(v[12]\/?)?$/, "");
  if (hubNames.includes(host)) return dockerHub;
  return isRegistryHost(host) ? host : undefined;
}

/** True for a host, optionally with a port, that Docker takes for a registry and not for a user of Docker Hub. */
export function isRegistryHost(host: string): boolean {
  const name = /^([a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:]+\])(:\d{1,5})?$/.exec(host);
  if (name === null || host.length > 253) return false;
  return host.includes(".") || host.includes(":") || host === "localhost";
}

/** What the engine's API calls a registry whose login it is given. */
export const engineAddress = (host: string): string => (host === dockerHub ? dockerHubKey : host);

/** The login for exactly the host that asks, and none for any other. */
export function loginFor<T extends { readonly host: string }>(
  logins: readonly T[],
  asked: string,
): T | undefined {
  const host = registryHost(asked);
  return host === undefined ? undefined : logins.find((login) => login.host === host);
}
