import { UserError } from "../../core/errors.ts";
import { readDuration } from "../../core/dockerfile/durations.ts";
import {
  acmeOf,
  isDefaultAcme,
  isDnsProvider,
  isLetsEncrypt,
  letsEncrypt,
  letsEncryptStaging,
  readAcmeServer,
  type Acme,
} from "../../core/server/acme.ts";
import { readAddress, readResolver } from "../../core/server/addresses.ts";
import type { InstanceConfig } from "../../core/server/instance.ts";
import { refused } from "./refused.ts";
import { command, hint } from "../../core/hints.ts";

/** Options about certificates besides the email address. */
export interface CertificateOptions {
  readonly acmeServer?: string;
  readonly acmeStaging?: boolean;
  /** A file; `none` forgets that of an earlier run. */
  readonly acmeCa?: string;
  readonly acmeLifetime?: string;
  readonly dnsProvider?: string;
  readonly dnsEnv?: string;
  readonly resolver?: readonly string[];
  readonly address?: readonly string[];
}

type Certificates = Pick<InstanceConfig, "acme" | "resolvers" | "addresses">;

const hourMs = 3_600_000;

/** The part of the configuration that is about certificates, from the options, then from before; throws UserError for a value or combination that cannot be. */
export function wantedCertificates(
  options: CertificateOptions,
  before: Certificates | undefined,
): Certificates {
  const acme = wantedAcme(options, acmeOf(before ?? {}));
  const resolvers = wantedList(options.resolver, before?.resolvers, {
    option: "resolver",
    none: "public",
    what: "DNS servers such as 10.0.0.2 or 10.0.0.2:5353, or public",
    read: readResolver,
  });
  const addresses = wantedList(options.address, before?.addresses, {
    option: "address",
    none: "none",
    what: "public IP addresses of this server, or none",
    read: readAddress,
  });
  return {
    ...(isDefaultAcme(acme) ? {} : { acme }),
    ...(resolvers === undefined ? {} : { resolvers }),
    ...(addresses === undefined ? {} : { addresses }),
  };
}

function wantedAcme(options: CertificateOptions, before: Acme): Acme {
  const server = wantedServer(options) ?? before.server;
  const { acmeCa, acmeLifetime } = options;
  if (acmeCa !== undefined && acmeCa !== "none" && isLetsEncrypt(server))
    throw new UserError("--acme-ca: Let's Encrypt needs none", {
      code: "usage",
      hint: hint`name the server too: ${command("init --acme-server URL --acme-ca FILE")}`,
    });
  const isSame = server === before.server;
  // A lifetime of hours from one CA would let the certificates of another be renewed only in their last minutes.
  const isSameKind = isSame || (isLetsEncrypt(server) && isLetsEncrypt(before.server));
  const { lifetimeHours } = isSameKind ? before : acmeOf({});
  const dnsProvider = wantedProvider(options, before.dnsProvider);
  return {
    server,
    hasCa: acmeCa === undefined ? isSame && before.hasCa : acmeCa !== "none",
    lifetimeHours: acmeLifetime === undefined ? lifetimeHours : readHours(acmeLifetime),
    ...(dnsProvider === undefined ? {} : { dnsProvider }),
  };
}

function wantedServer({ acmeServer, acmeStaging }: CertificateOptions): string | undefined {
  if (acmeStaging === true && acmeServer !== undefined)
    throw new UserError("--acme-staging and --acme-server: only one of them can be given", {
      code: "usage",
      hint: "leave one of them out",
    });
  if (acmeStaging === true || acmeServer === "letsencrypt-staging") return letsEncryptStaging;
  if (acmeServer === undefined) return undefined;
  const server = acmeServer === "letsencrypt" ? letsEncrypt : readAcmeServer(acmeServer);
  if (server !== undefined) return server;
  throw refused("acme-server", "letsencrypt, letsencrypt-staging or an https:// URL", acmeServer);
}

/** Whole hours, as Traefik counts them; rounded down, so that a renewal comes rather too early. */
function readHours(text: string): number {
  const read = readDuration(text, hourMs, 3650 * 24 * hourMs);
  if ("value" in read) return Math.floor(read.value / hourMs);
  throw refused("acme-lifetime", "from 1h to 3650d, such as 90d", text);
}

function wantedProvider(
  { dnsProvider, dnsEnv }: CertificateOptions,
  before: string | undefined,
): string | undefined {
  if (dnsProvider !== undefined && !isDnsProvider(dnsProvider))
    throw refused("dns-provider", "a provider code of lego, such as hetzner", dnsProvider);
  const wanted = dnsProvider === "none" ? undefined : (dnsProvider ?? before);
  if (dnsEnv !== undefined && wanted === undefined)
    throw new UserError("--dns-env: needs a DNS provider", {
      code: "usage",
      hint: hint`name it too: ${command("init --dns-provider NAME --dns-env FILE")}`,
    });
  return wanted;
}

interface ListOption {
  readonly option: string;
  /** The word that, alone, takes all of them away. */
  readonly none: string;
  readonly what: string;
  readonly read: (text: string) => string | undefined;
}

function wantedList(
  given: readonly string[] | undefined,
  before: readonly string[] | undefined,
  { option, none, what, read }: ListOption,
): readonly string[] | undefined {
  if (given === undefined) return before;
  if (given.every((text) => text === none)) return undefined;
  const entries = given.map((text) => {
    const entry = read(text);
    if (entry === undefined) throw refused(option, what, text);
    return entry;
  });
  return [...new Set(entries)];
}
