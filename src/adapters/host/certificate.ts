import { X509Certificate, createHash, createPrivateKey, type KeyObject } from "node:crypto";

/** The server's own certificate and private key in one PEM file, and the pin of the key. */
export interface Identity {
  readonly certificate: string;
  readonly privateKey: string;
  /** See `pinOf`. */
  readonly pin: string;
}

/** Makes a self-signed EC P-256 certificate for `<server>.mypaas.invalid`. It is valid for a century, because clients check the pin. */
export async function makeIdentity(server: string, now: number): Promise<Identity> {
  const { generate } = await import("selfsigned");
  const name = `${server}.mypaas.invalid`;
  const made = await generate([{ name: "commonName", value: name }], {
    keyType: "ec",
    curve: "P-256",
    algorithm: "sha256",
    // The clock of a laptop may be a little behind.
    notBeforeDate: new Date(now - 24 * 3_600_000),
    notAfterDate: new Date(now + 100 * 365 * 24 * 3_600_000),
    extensions: [
      { name: "basicConstraints", cA: false, critical: true },
      { name: "subjectAltName", altNames: [{ type: 2, value: name }] },
    ],
  });
  return readIdentity(`${made.cert}\n${made.private}`);
}

/** Reads the PEM file of an identity. Throws when a part is missing, or the key does not match the certificate. */
export function readIdentity(pem: string): Identity {
  const certificate = block(pem, /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/);
  const privateKey = block(
    pem,
    /-----BEGIN (?:EC )?PRIVATE KEY-----[^-]+-----END (?:EC )?PRIVATE KEY-----/,
  );
  const parsed = new X509Certificate(certificate);
  if (!parsed.checkPrivateKey(createPrivateKey(privateKey)))
    throw new Error("the private key does not match the certificate");
  return { certificate, privateKey, pin: pinOf(parsed.publicKey) };
}

/** base64url of the sha256 of the SubjectPublicKeyInfo (DER). */
export const pinOf = (key: KeyObject): string =>
  createHash("sha256")
    .update(key.export({ type: "spki", format: "der" }))
    .digest("base64url");

/** The PEM file of an identity, certificate first. */
export const identityFile = (identity: Identity): string =>
  `${identity.certificate}${identity.privateKey}`;

function block(pem: string, pattern: RegExp): string {
  const found = pattern.exec(pem)?.[0];
  if (found === undefined) throw new Error("no certificate and private key in PEM");
  return `${found.replaceAll("\r\n", "\n")}\n`;
}
