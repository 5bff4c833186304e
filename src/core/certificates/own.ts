import { createHash, type X509Certificate } from "node:crypto";
import { UserError } from "../errors.ts";
import { shortList } from "../server/health.ts";
import { chainOf, isComplete, isSelfSigned } from "./own-chain.ts";
import { readOwnFiles } from "./own-files.ts";
import { oneLine } from "./foreign-text.ts";

/** A certificate that somebody brought along, ready to be served. */
export interface OwnCertificate {
  /** PEM, the host's own certificate first, each issued by the next. */
  readonly chain: string;
  /** PEM (PKCS #8). */
  readonly privateKey: string;
  /** Host names it is for, lower case. */
  readonly names: readonly string[];
  /** Who issued it, `self-signed` when nobody did. */
  readonly issuer: string;
  /** Milliseconds since the epoch. */
  readonly from: number;
  /** Milliseconds since the epoch. */
  readonly until: number;
  /** sha256 (hex) of the first certificate's DER. */
  readonly fingerprint: string;
}

/** Reads the files of `mypaas cert add HOST cert.pem key.pem`; `roots` (PEM) are those that browsers know. Throws a UserError `bad-certificate` for the first thing that a visitor's browser would refuse. */
export function checkOwn({
  host,
  certificate,
  privateKey,
  now,
  roots,
}: {
  readonly host: string;
  readonly certificate: string;
  readonly privateKey: string;
  readonly now: number;
  readonly roots: readonly string[];
}): OwnCertificate {
  const { certificates, key } = readOwnFiles(certificate, privateKey);
  const fitting = certificates.filter((one) => one.checkPrivateKey(key));
  const leaf = fitting.find((one) => coversHost(namesOf(one), host)) ?? fitting[0];
  if (leaf === undefined)
    bad(
      "private key: does not belong to the certificate",
      "give the key that the certificate was issued for; these two must print the same: openssl x509 -in cert.pem -noout -pubkey, openssl pkey -in key.pem -pubout",
    );
  checkHost(leaf, host);
  checkStrength(leaf);
  checkDates(leaf, { place: "certificate", host, now });
  const chain = chainOf(leaf, certificates);
  if (!isComplete(chain, roots))
    bad(
      `certificate: the certificates between it and its root are missing, it is issued by ${commonName(leaf)}`,
      "add the certificates in between, such as fullchain.pem: cat cert.pem chain.pem > fullchain.pem",
    );
  for (const above of chain.slice(1))
    if (!isSelfSigned(above))
      checkDates(above, { place: `certificate of ${subjectName(above)}, in between`, host, now });
  return {
    chain: chain.map(String).join(""),
    privateKey: key.export({ type: "pkcs8", format: "pem" }).toString(),
    names: namesOf(leaf),
    issuer: issuerName(leaf),
    from: leaf.validFromDate.getTime(),
    until: leaf.validToDate.getTime(),
    fingerprint: createHash("sha256").update(leaf.raw).digest("hex"),
  };
}

/** Host names that a certificate is for, lower case; addresses and names that are none are left out. */
export function namesOf(certificate: X509Certificate): readonly string[] {
  const found: string[] = [];
  // Node quotes values that hold a comma or the like, so that none can pass for another entry.
  const entries = /(?:^|, )([^:,"]+):("(?:[^"\\]|\\.)*"|[^,"]*)(?=, |$)/gy;
  for (const [, kind, value = ""] of (certificate.subjectAltName ?? "").matchAll(entries))
    if (kind === "DNS" && /^(?:\*\.)?[a-z0-9._-]+$/i.test(value)) found.push(value.toLowerCase());
  return [...new Set(found)];
}

/** Who issued a certificate, by organization or common name; `self-signed` when nobody did. */
export function issuerName(certificate: X509Certificate): string {
  if (isSelfSigned(certificate)) return "self-signed";
  return part(certificate.issuer, "O") ?? commonName(certificate);
}

/** Whether one of a certificate's names is good for a host; `*` stands for one label, and a wildcard host wants the very same wildcard. */
export function coversHost(names: readonly string[], host: string): boolean {
  const wanted = host.toLowerCase();
  if (names.includes(wanted)) return true;
  const dot = wanted.indexOf(".");
  return dot > 0 && !wanted.startsWith("*.") && names.includes(`*${wanted.slice(dot)}`);
}

function checkHost(leaf: X509Certificate, host: string): void {
  const names = namesOf(leaf);
  if (coversHost(names, host)) return;
  if (names.length === 0)
    bad(
      `certificate: does not cover ${host}, it holds no host name`,
      `have one issued with ${host} as subject alternative name`,
    );
  bad(
    `certificate: does not cover ${host}, only ${shortList(names)}`,
    host.startsWith("*.")
      ? `have one issued for ${host}, or add this for a host it covers: mypaas cert add ${names[0]} cert.pem key.pem`
      : `add it for a host it covers: mypaas cert add ${names[0]} cert.pem key.pem`,
  );
}

function checkStrength(leaf: X509Certificate): void {
  const bits = leaf.publicKey.asymmetricKeyDetails?.modulusLength;
  if (bits !== undefined && bits < 2048)
    bad(
      `certificate: its RSA key has ${bits} bits, browsers want 2048`,
      "make a longer key and have the certificate issued for it: openssl req -new -newkey rsa:2048 -nodes -keyout key.pem -out request.pem",
    );
}

function checkDates(
  certificate: X509Certificate,
  { place, host, now }: { readonly place: string; readonly host: string; readonly now: number },
): void {
  const { validFromDate, validToDate } = certificate;
  if (now >= validToDate.getTime())
    bad(
      `${place}: expired on ${day(validToDate)}`,
      `have it renewed by its issuer, then run: mypaas cert add ${host} cert.pem key.pem`,
    );
  if (now < validFromDate.getTime())
    bad(
      `${place}: not valid before ${day(validFromDate)}`,
      "wait until then, or set the clock of this server right: timedatectl set-ntp true",
    );
}

const day = (date: Date): string => `${date.toISOString().slice(0, 16).replace("T", " ")} UTC`;

const commonName = (certificate: X509Certificate): string =>
  part(certificate.issuer, "CN") ?? part(certificate.issuer, "O") ?? "an unnamed issuer";

const subjectName = (certificate: X509Certificate): string =>
  part(certificate.subject, "CN") ?? part(certificate.subject, "O") ?? "an unnamed issuer";

/** One attribute of a name, which Node writes as lines `CN=…` with RFC 2253 escapes. */
function part(name: string | undefined, attribute: string): string | undefined {
  const line = name?.split("\n").find((one) => one.startsWith(`${attribute}=`));
  const value = oneLine((line ?? "").slice(attribute.length + 1).replaceAll(/\\(.)/g, "$1"), 80);
  return value === "" ? undefined : value;
}

function bad(message: string, hint: string): never {
  throw new UserError(message, { code: "bad-certificate", hint });
}
