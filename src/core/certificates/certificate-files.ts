import { type KeyObject, X509Certificate, createPrivateKey } from "node:crypto";
import { UserError } from "../errors.ts";
import { formatBytes } from "../format.ts";
import { type Hint, command, hint } from "../hints.ts";

/** Limit for the certificates of one host, and for its private key. PEM is ASCII, so one byte is one character. */
export const maxPemBytes = 100_000;

const certificateBlock = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;
const keyBlock =
  /-----BEGIN ((?:[A-Z]+ )*)PRIVATE KEY-----[^-]*(?:-[^-]+)*-----END \1PRIVATE KEY-----/;

/** Reads the two PEM files: every certificate in file order, and the key. Throws UserError "bad-certificate". */
export function readManualFiles(
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

function checkSize(part: string, text: string): void {
  if (text.length > maxPemBytes)
    bad(
      `${part}: the file is too big, ${formatBytes(text.length)} of at most ${formatBytes(maxPemBytes)}`,
      hint`give a file with the certificates of this host alone: ${command("cert add HOST cert.pem key.pem")}`,
    );
}

/** A file with a certificate and a key is fine in both places. */
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
      "certificate: the file holds a certificate request, not a certificate",
      hint`give the certificate that the issuer sent back: ${command("cert add HOST cert.pem key.pem")}`,
    );
  if (blocks.length === 0)
    bad(
      "certificate: no certificate in the file, in PEM it begins with -----BEGIN CERTIFICATE-----",
      "convert a binary file to PEM: openssl x509 -in cert.der -out cert.pem",
    );
  return blocks.map((block, index) => readCertificate(block, index + 1));
}

function readCertificate(block: string, position: number): X509Certificate {
  try {
    return new X509Certificate(block);
  } catch (cause) {
    return bad(
      `certificate: number ${position} in the file cannot be read`,
      "copy the file again, a part is missing or damaged: openssl x509 -in cert.pem -noout",
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
      "remove the passphrase: openssl pkey -in key.pem -out plain.pem",
    );
  try {
    return createPrivateKey(block);
  } catch {
    // Without a cause: an error that has seen the key must not reach a log.
    return bad("private key: cannot be read", "check the file: openssl pkey -in key.pem -noout");
  }
}

/** Throws UserError "bad-certificate". */
export function bad(message: string, way: Hint, cause?: unknown): never {
  throw new UserError(message, { code: "bad-certificate", hint: way, cause });
}
