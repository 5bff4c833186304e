import { createHash } from "node:crypto";
import { instancePaths, type InstanceConfig } from "./instance.ts";

/** The CA and how certificates are requested from it. */
export type Acme = NonNullable<InstanceConfig["acme"]>;

/** Traefik's resolver for HTTP-01, on port 80; routers and `traefik/traefik.yml` name it. */
export const httpResolver = "acme";
/** Traefik's resolver for DNS-01; exists only with a DNS provider. */
export const dnsResolver = "acme-dns";

export const letsEncrypt = "https://acme-v02.api.letsencrypt.org/directory";
export const letsEncryptStaging = "https://acme-staging-v02.api.letsencrypt.org/directory";

const defaults: Acme = { server: letsEncrypt, hasCa: false, lifetimeHours: 90 * 24 };

/** The configured CA, or the default. Without an email address no certificate is requested. */
export const acmeOf = (config: Pick<InstanceConfig, "acme">): Acme => config.acme ?? defaults;

/** True when the configuration file needs no `acme`. */
export const isDefaultAcme = (acme: Acme): boolean =>
  acme.server === defaults.server &&
  acme.hasCa === defaults.hasCa &&
  acme.lifetimeHours === defaults.lifetimeHours &&
  acme.dnsProvider === undefined;

export const isLetsEncrypt = (server: string): boolean =>
  server === letsEncrypt || server === letsEncryptStaging;

/** The directory URL of a CA in its stored form; undefined for any other text, or a URL with a user or a fragment. */
export function readAcmeServer(text: string): string | undefined {
  const url = URL.parse(text);
  const isPlain = url?.protocol === "https:" && url.username === "" && url.password === "";
  return isPlain && url.hash === "" ? url.href : undefined;
}

/** True for the form of lego's codes; Traefik's version decides which exist. */
export const isDnsProvider = (text: string): boolean => /^[a-z0-9]{1,40}$/.test(text);

/** Traefik's file below /acme, one for each directory URL. Accounts of one CA must never be used for another, also when both are on one host, as with step-ca. */
export function acmeStorage(server: string): string {
  if (server === letsEncrypt) return "acme.json";
  const { hostname, port } = new URL(server);
  if (server === letsEncryptStaging) return `${hostname}.json`;
  const host = hostname.replaceAll(/[[\]]/g, "").replaceAll(":", "-");
  const digest = createHash("sha256").update(server).digest("hex").slice(0, 8);
  return `${[host, port, digest].filter((part) => part !== "").join("-")}.json`;
}

/** Path of Traefik's accounts and certificates of the configured CA. */
export const acmeStore = (config: Pick<InstanceConfig, "acme" | "stateDir" | "runDir">): string =>
  `${instancePaths(config).acmeDir}/${acmeStorage(acmeOf(config).server)}`;
