import { type KeyObject, X509Certificate, createPrivateKey } from "node:crypto";
import { UserError } from "../errors.ts";
import { formatBytes } from "../format.ts";
import { type Hint, command, hint } from "../hints.ts";

/** The certificates of one host at most, and its private key at most; PEM is ASCII, so as many characters. */
export const maxPemBytes = 100_000;

const certificateBlock = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;
const keyBlock =
  /-----BEGIN ((?:[A-Z]+ )*)PRIVATE KEY-----[^-]*(?:-[^-]+)*-----END \1PRIVATE KEY-----/;

/** What is in the two PEM files: every certificate in file order, and the key. A UserError says which of them is no such file. */
export function readOwnFiles(
  certificate: string,
  privateKey: string,
): { readonly certificates: readonly X509Certificate[]; readonly key: KeyObject } {
  checkSize("certificate", certificate);
  checkSize("private key", privateKey);
  if (isSwapped(certificate, privateKey))
    bad(
      "certificate and private key: swapped, the first file holds the key",
      hint`give the certificate first: ${command("cert add HOST cert.pem key.pem")}`,
    );
  return { certificates: readCertificates(certificate), key: readKey(privateKey) };
}

function checkSize(place: string, text: string): void {
  if (text.length > maxPemBytes)
    bad(
      `${place}: the file is too big, ${formatBytes(text.length)} of at most ${formatBytes(maxPemBytes)}`,
      hint`give a file with nothing but what this one host needs: ${command("cert add HOST cert.pem key.pem")}`,
    );
}

/** A file that holds both is no mistake. */
const isSwapped = (certificate: string, privateKey: string): boolean =>
  keyBlock.test(certificate) &&
  !holdsCertificate(certificate) &&
  holdsCertificate(privateKey) &&
  !keyBlock.test(privateKey);

const holdsCertificate = (text: string): boolean => text.search(certificateBlock) >= 0;

function readCertificates(text: string): readonly X509Certificate[] {
  const blocks = text.match(certificateBlock) ?? [];
  if (blocks.length === 0 && /-----BEGIN (?:NEW )?CERTIFICATE REQUEST-----/.test(text))
    bad(
      "certificate: the file holds a request for a certificate, and no certificate",
      hint`give the file that the issuer sent back for it: ${command("cert add HOST cert.pem key.pem")}`,
    );
  if (blocks.length === 0)
    bad(
      "certificate: no certificate in the file, in PEM it begins with -----BEGIN CERTIFICATE-----",
      "turn a binary one into PEM: openssl x509 -in cert.der -out cert.pem",
    );
  return blocks.map((block, index) => readCertificate(block, index + 1));
}

function readCertificate(block: string, place: number): X509Certificate {
  try {
    return new X509Certificate(block);
  } catch (cause) {
    return bad(
      `certificate: number ${place} in the file cannot be read`,
      "copy the file again, a piece of it is missing or changed: openssl x509 -in cert.pem -noout",
      cause,
    );
  }
}

function readKey(text: string): KeyObject {
  const [block] = keyBlock.exec(text) ?? [];
  if (block === undefined)
    bad(
      "private key: no private key in the file, in PEM it begins with -----BEGIN PRIVATE KEY-----",
      hint`give the key that the certificate was issued for: ${command("cert add HOST cert.pem key.pem")}`,
    );
  if (/^-----BEGIN ENCRYPTED |^Proc-Type: 4,ENCRYPTED/m.test(block))
    bad(
      "private key: protected by a passphrase",
      "take the passphrase off: openssl pkey -in key.pem -out plain.pem",
    );
  try {
    return createPrivateKey(block);
  } catch {
    // The cause stays here: nothing that has seen the key may reach a message or a log.
    return bad(
      "private key: cannot be read",
      "see what is wrong with it: openssl pkey -in key.pem -noout",
    );
  }
}

function bad(message: string, way: Hint, cause?: unknown): never {
  throw new UserError(message, { code: "bad-certificate", hint: way, cause });
}
