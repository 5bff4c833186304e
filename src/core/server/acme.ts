import { createHash } from "node:crypto";
import { instancePaths, type InstanceConfig } from "./instance.ts";

/** Where and how certificates are asked for. */
export type Acme = NonNullable<InstanceConfig["acme"]>;

/** Traefik's resolver that proves a name by an answer on port 80; named by routers and in `traefik/traefik.yml`. */
export const httpResolver = "acme";
/** The one that proves it by a record at the DNS provider; there only with a provider. */
export const dnsResolver = "acme-dns";

export const letsEncrypt = "https://acme-v02.api.letsencrypt.org/directory";
export const letsEncryptStaging = "https://acme-staging-v02.api.letsencrypt.org/directory";

const defaults: Acme = { server: letsEncrypt, hasCa: false, lifetimeHours: 90 * 24 };

/** What the configuration says, or the defaults; nothing is asked for without an email address. */
export const acmeOf = (config: Pick<InstanceConfig, "acme">): Acme => config.acme ?? defaults;

/** True where the file has nothing to say. */
export const isDefaultAcme = (acme: Acme): boolean =>
  acme.server === defaults.server &&
  acme.hasCa === defaults.hasCa &&
  acme.lifetimeHours === defaults.lifetimeHours &&
  acme.dnsProvider === undefined;

export const isLetsEncrypt = (server: string): boolean =>
  server === letsEncrypt || server === letsEncryptStaging;

/** The directory URL of a CA as it is kept; undefined when the text is none, or holds more than a place. */
export function readAcmeServer(text: string): string | undefined {
  const url = URL.parse(text);
  const isPlain = url?.protocol === "https:" && url.username === "" && url.password === "";
  return isPlain && url.hash === "" ? url.href : undefined;
}

/** lego's codes; which of them there are, Traefik's version knows. */
export const isDnsProvider = (text: string): boolean => /^[a-z0-9]{1,40}$/.test(text);

/** Traefik's file below /acme, one for each directory: accounts and certificates of one CA must never be taken for those of another, also where one host is several, as with the provisioners of step-ca. */
export function acmeStorage(server: string): string {
  if (server === letsEncrypt) return "acme.json";
  const { hostname, port } = new URL(server);
  if (server === letsEncryptStaging) return `${hostname}.json`;
  const host = hostname.replaceAll(/[[\]]/g, "").replaceAll(":", "-");
  const digest = createHash("sha256").update(server).digest("hex").slice(0, 8);
  return `${[host, port, digest].filter((part) => part !== "").join("-")}.json`;
}

/** Path of Traefik's accounts and certificates of the CA that is asked. */
export const acmeStore = (config: Pick<InstanceConfig, "acme" | "stateDir" | "runDir">): string =>
  `${instancePaths(config).acmeDir}/${acmeStorage(acmeOf(config).server)}`;
