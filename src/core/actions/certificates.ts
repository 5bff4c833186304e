import { type HintFields } from "../hints.ts";
import { maxPemBytes } from "../certificates/certificate-files.ts";
import { action, answer } from "./definition.ts";
import { bad, optional, secret, text, type Reader } from "./fields.ts";

/** A host name in lower case and punycode. */
const host = text(/^(\*\.)?[a-z0-9_]([a-z0-9._-]{0,251}[a-z0-9])?$/, "host: not a host name");

// No message shows a value: the key may stand in the place of the certificate.
const pem: Reader<string> = (value, name) => {
  if (typeof value === "string" && value.length <= maxPemBytes && !value.includes("\0"))
    return value;
  throw bad(`${name}: should be PEM of at most ${maxPemBytes} characters`);
};

const managed = { scope: "server", right: "manage", repeat: "once" } as const;

/** Certificates of the hosts that want https. */
export const certificates = {
  "cert.list": action({
    scope: "server",
    byGrant: "read",
    fields: {},
    right: "any key",
    becomes: answer<CertificateList>(),
    repeat: "safe",
  }),
  /** PEM: the host's own certificate first, then those that lead to its root. */
  "cert.add": action({
    ...managed,
    fields: { host, certificate: pem, privateKey: secret(pem) },
    becomes: answer<{ readonly certificate: CertificateInfo }>(),
  }),
  "cert.remove": action({
    ...managed,
    fields: { host },
    becomes: answer<{ readonly host: string }>(),
  }),
  /** Asks the CA at once, for one host or for all that have no certificate. */
  "cert.retry": action({
    ...managed,
    fields: { host: optional(host) },
    becomes: answer<{ readonly certificates: readonly CertificateInfo[] }>(),
  }),
} as const;

/** All https hosts, sorted by name. */
export interface CertificateList {
  readonly certificates: readonly CertificateInfo[];
  /** The CA. Left out when the server has no email address, because it then requests no certificate. */
  readonly acme?: { readonly server: string };
}

/** One host and its certificate. */
export interface CertificateInfo extends HintFields {
  readonly host: string;
  /** Services with a route at this host; empty for the server's own name. */
  readonly services: readonly string[];
  /** Set for a manual certificate that no service uses now. */
  readonly unused?: true;
  /** `own`: added by hand; `waiting`: the CA is not asked, because it would refuse; `failed`: it was asked and refused. */
  readonly state: "issued" | "own" | "asking" | "waiting" | "failed";
  /** What is served now; left out while that is the server's own certificate. */
  readonly certificate?: {
    readonly issuer: string;
    /** Milliseconds since the epoch. */
    readonly from: number;
    readonly until: number;
  };
  /** What it waits for, or why it failed, in a few words such as `waiting for DNS`. */
  readonly about?: string;
  /** The same as a sentence with the facts. */
  readonly reason?: string;
  /** Milliseconds since the epoch. */
  readonly nextTry?: number;
}
