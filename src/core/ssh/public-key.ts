import { createHash, createPublicKey, type KeyObject } from "node:crypto";
import { SshFormatError, SshReader } from "./wire-format.ts";

/** A public key as SSH writes it (RFC 4253, 5656, 8709 and OpenSSH's PROTOCOL.u2f). */
export interface PublicKey {
  readonly type: string;
  readonly key: KeyObject;
  /** Bytes of one coordinate for ECDSA, of the signature for Ed25519 and RSA. */
  readonly size: number;
  /** Application of a FIDO key, such as `ssh:`. */
  readonly application: string | undefined;
}

const curves = {
  nistp256: { crv: "P-256", size: 32 },
  nistp384: { crv: "P-384", size: 48 },
  nistp521: { crv: "P-521", size: 66 },
} as const;

/** The key types that may sign a request. */
export const keyTypes = [
  "ssh-ed25519",
  "ecdsa-sha2-nistp256",
  "ecdsa-sha2-nistp384",
  "ecdsa-sha2-nistp521",
  "ssh-rsa",
  "sk-ssh-ed25519@openssh.com",
  "sk-ecdsa-sha2-nistp256@openssh.com",
] as const;

/** `SHA256:…` of a public key blob, as ssh-keygen prints it. */
export const fingerprint = (blob: Uint8Array): string =>
  `SHA256:${createHash("sha256").update(blob).digest("base64").replace(/=+$/, "")}`;

/** Reads a public key blob. Throws SshFormatError for a damaged one, an unknown type or an RSA key below 2048 bits. */
export function readPublicKey(blob: Uint8Array): PublicKey {
  const reader = new SshReader(blob);
  const type = reader.text();
  const body = readBody(type, reader);
  reader.end();
  return { type, ...body };
}

function readBody(type: string, reader: SshReader): Omit<PublicKey, "type"> {
  switch (type) {
    case "ssh-ed25519":
      return { ...ed25519(reader), application: undefined };
    case "sk-ssh-ed25519@openssh.com":
      return { ...ed25519(reader), application: reader.text() };
    case "ecdsa-sha2-nistp256":
    case "ecdsa-sha2-nistp384":
    case "ecdsa-sha2-nistp521":
      return { ...ecdsa(type.slice("ecdsa-sha2-".length), reader), application: undefined };
    case "sk-ecdsa-sha2-nistp256@openssh.com":
      return { ...ecdsa("nistp256", reader), application: reader.text() };
    case "ssh-rsa":
      return { ...rsa(reader), application: undefined };
    default:
      throw new SshFormatError(`has the unknown type ${JSON.stringify(type.slice(0, 60))}`);
  }
}

function ed25519(reader: SshReader) {
  const x = reader.string();
  if (x.length !== 32) throw new SshFormatError("is not an Ed25519 key");
  return { key: jwk({ kty: "OKP", crv: "Ed25519", x: x.toString("base64url") }), size: 64 };
}

function ecdsa(expected: string, reader: SshReader) {
  const name = reader.text();
  const curve =
    name === expected && name in curves ? curves[name as keyof typeof curves] : undefined;
  const point = reader.string();
  if (!curve || point.length !== 1 + 2 * curve.size || point[0] !== 4)
    throw new SshFormatError("is not an ECDSA key on its curve");
  const x = point.subarray(1, 1 + curve.size).toString("base64url");
  const y = point.subarray(1 + curve.size).toString("base64url");
  return { key: jwk({ kty: "EC", crv: curve.crv, x, y }), size: curve.size };
}

function rsa(reader: SshReader) {
  const e = reader.mpint();
  const n = reader.mpint();
  if (n.length < 256 || n.length > 2048 || e.length > 8)
    throw new SshFormatError("is an RSA key outside 2048 to 16384 bits");
  const key = jwk({ kty: "RSA", n: n.toString("base64url"), e: e.toString("base64url") });
  return { key, size: n.length };
}

function jwk(key: Record<string, string>): KeyObject {
  try {
    return createPublicKey({ format: "jwk", key });
  } catch (cause) {
    throw new SshFormatError("is not a valid key", { cause });
  }
}
