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

/** Readers of the key types that may sign a request. */
const readers: ReadonlyMap<string, (reader: SshReader) => Pick<PublicKey, "key" | "size">> =
  new Map([
    ["ssh-ed25519", ed25519],
    ["ecdsa-sha2-nistp256", ecdsa("nistp256")],
    ["ecdsa-sha2-nistp384", ecdsa("nistp384")],
    ["ecdsa-sha2-nistp521", ecdsa("nistp521")],
    ["ssh-rsa", rsa],
    ["sk-ssh-ed25519@openssh.com", ed25519],
    ["sk-ecdsa-sha2-nistp256@openssh.com", ecdsa("nistp256")],
  ]);

export const keyTypes: readonly string[] = [...readers.keys()];

/** `SHA256:…` of a public key blob, as ssh-keygen prints it. */
export const fingerprint = (blob: Uint8Array): string =>
  `SHA256:${createHash("sha256").update(blob).digest("base64").replace(/=+$/, "")}`;

/** Reads a public key blob. Throws SshFormatError for a damaged one, an unknown type or an RSA key below 2048 bits. */
export function readPublicKey(blob: Uint8Array): PublicKey {
  const reader = new SshReader(blob);
  const type = reader.text();
  const read = readers.get(type);
  if (read === undefined)
    throw new SshFormatError(`has the unknown type ${JSON.stringify(type.slice(0, 60))}`);
  const body = read(reader);
  const application = type.startsWith("sk-") ? reader.text() : undefined;
  reader.end();
  return { type, ...body, application };
}

function ed25519(reader: SshReader) {
  const x = reader.string();
  if (x.length !== 32) throw new SshFormatError("is not an Ed25519 key");
  return { key: jwk({ kty: "OKP", crv: "Ed25519", x: x.toString("base64url") }), size: 64 };
}

function ecdsa(name: keyof typeof curves) {
  const { crv, size } = curves[name];
  return (reader: SshReader) => {
    const isNamed = reader.text() === name;
    const point = reader.string();
    if (!isNamed || point.length !== 1 + 2 * size || point[0] !== 4)
      throw new SshFormatError("is not an ECDSA key on its curve");
    const x = point.subarray(1, 1 + size).toString("base64url");
    const y = point.subarray(1 + size).toString("base64url");
    return { key: jwk({ kty: "EC", crv, x, y }), size };
  };
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
