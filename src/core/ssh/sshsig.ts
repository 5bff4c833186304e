import { createHash, verify } from "node:crypto";
import { readPublicKey, type PublicKey } from "./public-key.ts";
import { SshFormatError, SshReader, sshString } from "./wire-format.ts";

/** The parts of a signature of `ssh-keygen -Y sign` (OpenSSH's PROTOCOL.sshsig), not yet verified. */
export interface SshSignature {
  /** Public key blob of the signer. */
  readonly publicKey: Buffer;
  readonly namespace: string;
  readonly hash: "sha256" | "sha512";
  readonly signature: Buffer;
}

const magic = Buffer.from("SSHSIG");

/** Reads the binary blob, without armour; throws SshFormatError. */
export function readSshSignature(blob: Uint8Array): SshSignature {
  const reader = new SshReader(blob);
  if (!reader.take(magic.length).equals(magic)) throw new SshFormatError("is not an SSH signature");
  const version = reader.uint32();
  if (version !== 1) throw new SshFormatError(`has the unknown version ${version}`);
  const publicKey = reader.string();
  const namespace = reader.text();
  const reserved = reader.string();
  const hash = reader.text();
  const signature = reader.string();
  reader.end();
  if (reserved.length > 0) throw new SshFormatError("uses a reserved field");
  if (hash !== "sha256" && hash !== "sha512")
    throw new SshFormatError("uses an unknown hash algorithm");
  return { publicKey, namespace, hash, signature };
}

/** Removes the armour of ssh-keygen; throws SshFormatError. */
export function unarmour(text: string): Buffer {
  const body =
    /^-----BEGIN SSH SIGNATURE-----\s([\sA-Za-z0-9+/=]+)-----END SSH SIGNATURE-----\s*$/.exec(
      text,
    )?.[1];
  if (body === undefined) throw new SshFormatError("is not an armoured SSH signature");
  return Buffer.from(body, "base64");
}

/** True when `parts` is a valid signature over `message` in `namespace`. The caller decides whether its key may sign. */
export function isSignedBy(parts: SshSignature, namespace: string, message: Uint8Array): boolean {
  if (parts.namespace !== namespace) return false;
  const signed = Buffer.concat([
    magic,
    sshString(namespace),
    sshString(""),
    sshString(parts.hash),
    sshString(createHash(parts.hash).update(message).digest()),
  ]);
  try {
    return isValid(readPublicKey(parts.publicKey), new SshReader(parts.signature), signed);
  } catch (error) {
    if (error instanceof SshFormatError) return false;
    throw error;
  }
}

function isValid(key: PublicKey, reader: SshReader, signed: Buffer): boolean {
  const algorithm = reader.text();
  const raw = reader.string();
  const message = key.application === undefined ? signed : fidoMessage(key, reader, signed);
  reader.end();
  if (message === undefined) return false;
  if (key.type === "ssh-rsa") return isValidRsa(key, algorithm, raw, message);
  if (algorithm !== key.type) return false;
  if (key.type.includes("ed25519"))
    return raw.length === key.size && verify(null, message, key.key, raw);
  const dsa = { key: key.key, dsaEncoding: "ieee-p1363" } as const;
  const hash = { 32: "sha256", 48: "sha384", 66: "sha512" }[key.size];
  return hash !== undefined && verify(hash, message, dsa, fixedWidth(raw, key.size));
}

/** A FIDO key signs hashes with its flags and counter. Without user presence (flag 1) the signature is invalid. */
function fidoMessage(key: PublicKey, reader: SshReader, signed: Buffer): Buffer | undefined {
  const flagsAndCounter = reader.take(5);
  if (((flagsAndCounter[0] ?? 0) & 1) === 0) return undefined;
  const sha256 = (data: Uint8Array) => createHash("sha256").update(data).digest();
  const application = Buffer.from(key.application ?? "", "latin1");
  return Buffer.concat([sha256(application), flagsAndCounter, sha256(signed)]);
}

function isValidRsa(key: PublicKey, algorithm: string, raw: Buffer, message: Buffer): boolean {
  const hash = { "rsa-sha2-256": "sha256", "rsa-sha2-512": "sha512" }[algorithm];
  if (hash === undefined || raw.length > key.size) return false;
  const padded = Buffer.concat([Buffer.alloc(key.size - raw.length), raw]);
  return verify(hash, message, key.key, padded);
}

/** Converts two mpints to the fixed-width pair of node:crypto. */
function fixedWidth(raw: Buffer, size: number): Buffer {
  const reader = new SshReader(raw);
  const numbers = [reader.mpint(), reader.mpint()];
  reader.end();
  if (numbers.some((number) => number.length > size)) throw new SshFormatError("is too long");
  return Buffer.concat(numbers.flatMap((n) => [Buffer.alloc(size - n.length), n]));
}
