import {
  createHash,
  createPrivateKey,
  createPublicKey,
  type KeyObject,
  X509Certificate,
} from "node:crypto";
import { shortList } from "../format.ts";
import { coversHost as isCovered } from "../routing/routes.ts";
import { bad, readManualFiles } from "./certificate-files.ts";
import { oneLine } from "./foreign-text.ts";
import type { Served } from "./record.ts";
import { command, hint } from "../hints.ts";

/** What `cert add` was given, and what it is checked against. */
interface ManualFiles {
  readonly host: string;
  readonly certificate: string;
  readonly privateKey: string;
  readonly now: number;
  readonly roots: readonly string[];
}

/** A checked manual certificate. */
export interface ManualCertificate extends Omit<Served, "isValid"> {
  /** PEM: the host's own certificate first, each issued by the next. */
  readonly chain: string;
  /** PEM (PKCS #8); an EC key names its curve. */
  readonly privateKey: string;
  /** Host names that it covers, lower case. */
  readonly names: readonly string[];
}

/** Checks the files of `mypaas cert add HOST cert.pem key.pem`. `roots` (PEM) are those of browsers. Throws UserError "bad-certificate" for the first thing that a browser would refuse. */
export function checkManual(files: ManualFiles): ManualCertificate {
  const { host, certificate, privateKey, now, roots } = files;
  const { certificates, key } = readManualFiles(certificate, privateKey);
  const fitting = certificates.filter((one) => one.checkPrivateKey(key));
  const leaf = fitting.find((one) => coversHost(namesOf(one), host)) ?? fitting[0];
  if (leaf === undefined)
    bad(
      "private key: does not match the certificate",
      "give the key that the certificate was issued for; these two must print the same: openssl x509 -in cert.pem -noout -pubkey, openssl pkey -in key.pem -pubout",
    );
  checkHost(leaf, host);
  checkPurpose(leaf);
  checkKey(leaf);
  checkDates(leaf, { what: "certificate", host, now });
  const chain = chainOf(leaf, certificates);
  if (!isComplete(chain, roots))
    bad(
      `certificate: the intermediate certificates are missing, the issuer is ${commonName(leaf.issuer)}`,
      "add the intermediate certificates: cat cert.pem chain.pem > fullchain.pem",
    );
  for (const above of chain.slice(1).filter((one) => !isSelfSigned(one))) {
    const what = `intermediate certificate of ${commonName(above.subject)}`;
    checkDates(above, { what, host, now });
  }
  return {
    chain: chain.map(String).join(""),
    privateKey: pkcs8(key),
    names: namesOf(leaf),
    issuer: issuerName(leaf),
    from: leaf.validFromDate.getTime(),
    until: leaf.validToDate.getTime(),
    fingerprint: createHash("sha256").update(leaf.raw).digest("hex"),
  };
}

/** The host's certificate and those above it in the file, each issued by the next. Others are left out. */
function chainOf(
  leaf: X509Certificate,
  all: readonly X509Certificate[],
): readonly X509Certificate[] {
  const chain = [leaf];
  for (let last: X509Certificate | undefined = leaf; last !== undefined && !isSelfSigned(last);) {
    const below: X509Certificate = last;
    last = all.find((one) => isIssuedBy(below, one) && !chain.some((used) => isSame(used, one)));
    if (last !== undefined) chain.push(last);
  }
  return chain;
}

/** True when a browser can get from the chain to a root. False only for a single certificate that no root has issued. */
function isComplete(chain: readonly X509Certificate[], roots: readonly string[]): boolean {
  const [leaf, above] = chain;
  if (leaf === undefined || above !== undefined || isSelfSigned(leaf)) return true;
  return roots.some((root) => isIssuedBy(leaf, new X509Certificate(root)));
}

const isSelfSigned = (certificate: X509Certificate): boolean =>
  isIssuedBy(certificate, certificate);

const isIssuedBy = (certificate: X509Certificate, issuer: X509Certificate): boolean =>
  certificate.issuer === issuer.subject &&
  certificate.checkIssued(issuer) &&
  certificate.verify(issuer.publicKey);

const isSame = (one: X509Certificate, other: X509Certificate): boolean =>
  one.fingerprint256 === other.fingerprint256;

/** Host names in a certificate, lower case; addresses and invalid names are left out. */
export function namesOf(certificate: X509Certificate): readonly string[] {
  const found: string[] = [];
  // Node quotes values with special characters such as a comma, so that no value looks like another entry.
  const entries = /(?:^|, )([^:,"]+):("(?:[^"\\]|\\.)*"|[^,"]*)(?=, |$)/gy;
  for (const [, kind, value = ""] of (certificate.subjectAltName ?? "").matchAll(entries))
    if (kind === "DNS" && /^(?:\*\.)?[a-z0-9._-]+$/i.test(value)) found.push(value.toLowerCase());
  return [...new Set(found)];
}

/** A key for a set of host names, independent of order and case, as in Traefik. */
export const namesKey = (names: readonly string[]): string =>
  [...new Set(names.map((name) => name.toLowerCase()))].toSorted().join(",");

/** The issuer by organization or common name, or `self-signed`. */
export function issuerName(certificate: X509Certificate): string {
  if (isSelfSigned(certificate)) return "self-signed";
  return part(certificate.issuer, "O") ?? commonName(certificate.issuer);
}

/** True when one of the names covers a host. `*` stands for one label; a wildcard host needs the same wildcard. */
export const coversHost = (names: readonly string[], host: string): boolean =>
  names.some((name) => isCovered(name, host.toLowerCase()));

function checkHost(leaf: X509Certificate, host: string): void {
  const names = namesOf(leaf);
  if (coversHost(names, host)) return;
  if (names.length === 0)
    bad(
      `certificate: does not cover ${host}, it holds no host name`,
      `request a certificate with ${host} as subject alternative name`,
    );
  bad(
    `certificate: does not cover ${host}, only ${shortList(names)}`,
    host.startsWith("*.")
      ? hint`request a certificate for ${host}, or add this one for a host that it covers: ${command(`cert add ${names[0]} cert.pem key.pem`)}`
      : hint`add it for a host that it covers: ${command(`cert add ${names[0]} cert.pem key.pem`)}`,
  );
}

/** For a key that Traefik cannot read, it serves its default certificate. A key that browsers refuse ends every handshake. */
function checkKey({ publicKey }: X509Certificate): void {
  const { asymmetricKeyType: type = "unknown", asymmetricKeyDetails: details } = publicKey;
  const { modulusLength: bits = 0, namedCurve: curve = "explicit parameters" } = details ?? {};
  if (type === "rsa") {
    if (bits < 2048 || bits > 8192)
      badKey(`its RSA key has ${bits} bits, browsers accept 2048 to 8192`);
    return;
  }
  if (type !== "ec" || !curves.has(curve)) {
    const kind = type === "ec" ? `EC with ${shown[curve] ?? curve}` : (shown[type] ?? type);
    badKey(`its key is ${kind}, browsers accept RSA or EC with P-256 or P-384`);
  }
  if (!isNamed(publicKey))
    badKey("its EC key has explicit parameters or a compressed point, Traefik reads neither");
}

const curves: ReadonlySet<string> = new Set(["prime256v1", "secp384r1"]);

/** Usual names for those of Node and OpenSSL. */
const shown: Readonly<Record<string, string>> = {
  dsa: "DSA",
  ed25519: "Ed25519",
  ed448: "Ed448",
  "rsa-pss": "RSA-PSS",
  secp224r1: "P-224",
};

/** Node names the curve also when the key has explicit parameters; only the bytes show the difference. */
function isNamed(publicKey: KeyObject): boolean {
  const named = createPublicKey({ key: publicKey.export({ format: "jwk" }), format: "jwk" });
  const [was, is] = [publicKey, named].map((key) => key.export({ type: "spki", format: "der" }));
  return was !== undefined && is?.equals(was) === true;
}

function pkcs8(key: KeyObject): string {
  const isEc = key.asymmetricKeyType === "ec";
  const plain = isEc
    ? createPrivateKey({ key: key.export({ format: "jwk" }), format: "jwk" })
    : key;
  return plain.export({ type: "pkcs8", format: "pem" }).toString();
}

const serverAuth = "1.3.6.1.5.5.7.3.1";
const anyPurpose = "2.5.29.37.0";

/** Browsers refuse a certificate for mail, code or clients. Without a purpose, all are allowed (RFC 5280, 4.2.1.12). */
function checkPurpose({ keyUsage: purposes }: X509Certificate): void {
  const named: readonly string[] | undefined = purposes;
  if (!named || named.includes(serverAuth) || named.includes(anyPurpose)) return;
  bad(
    "certificate: is not for servers, its extended key usage names other purposes",
    "request a certificate with the extended key usage serverAuth",
  );
}

function checkDates(
  certificate: X509Certificate,
  { what, host, now }: { readonly what: string; readonly host: string; readonly now: number },
): void {
  const { validFromDate, validToDate } = certificate;
  if (now >= validToDate.getTime())
    bad(
      `${what}: expired on ${day(validToDate)}`,
      hint`renew it at its issuer, then run: ${command(`cert add ${host} cert.pem key.pem`)}`,
    );
  if (now < validFromDate.getTime())
    bad(
      `${what}: not valid before ${day(validFromDate)}`,
      "wait until then, or correct this server's clock: timedatectl set-ntp true",
    );
}

const day = (date: Date): string => `${date.toISOString().slice(0, 16).replace("T", " ")} UTC`;

const commonName = (name: string | undefined): string =>
  part(name, "CN") ?? part(name, "O") ?? "an unnamed issuer";

/** One attribute of a name, which Node writes as lines `CN=…` with RFC 2253 escapes. */
function part(name: string | undefined, attribute: string): string | undefined {
  const line = name?.split("\n").find((one) => one.startsWith(`${attribute}=`));
  const value = oneLine((line ?? "").slice(attribute.length + 1).replaceAll(/\\(.)/g, "$1"), 80);
  return value === "" ? undefined : value;
}

const badKey = (message: string): never =>
  bad(
    `certificate: ${message}`,
    "make a P-256 key and have the certificate issued for it: openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key.pem -out request.pem",
  );
