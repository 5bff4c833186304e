import { createPrivateKey, createPublicKey } from "node:crypto";
import { sshString } from "./wire-format.ts";

/** The two parts of an Ed25519 key pair, as OpenSSH has them in files. */
export interface DeployKey {
  /** One line, as authorized_keys and forges take it. */
  readonly publicKey: string;
  /** PEM, for the file of a private key. */
  readonly privateKey: string;
}

export const seedBytes = 32;

/** The key pair of 32 random bytes. The private part is in the format of OpenSSH's PROTOCOL.key, without a passphrase. */
export function deployKeyOf(seed: Uint8Array, comment: string): DeployKey {
  const der = Buffer.concat([pkcs8Head, seed]);
  const key = createPrivateKey({ key: der, format: "der", type: "pkcs8" });
  const { x = "" } = createPublicKey(key).export({ format: "jwk" });
  const point = Buffer.from(x, "base64url");
  const blob = Buffer.concat([sshString(type), sshString(point)]);
  // Twice the same number shows that it was decrypted; here it says nothing.
  const check = Buffer.alloc(8);
  const own = Buffer.concat([
    check,
    blob,
    sshString(Buffer.concat([seed, point])),
    sshString(comment),
  ]);
  const padding = Buffer.from(
    Array.from({ length: (8 - (own.length % 8)) % 8 }, (_, at) => at + 1),
  );
  const whole = Buffer.concat([
    Buffer.from("openssh-key-v1\0"),
    sshString("none"),
    sshString("none"),
    sshString(""),
    Buffer.from([0, 0, 0, 1]),
    sshString(blob),
    sshString(Buffer.concat([own, padding])),
  ]).toString("base64");
  const name = "OPENSSH PRIVATE KEY";
  const lines = whole.match(/.{1,70}/g) ?? [];
  return {
    publicKey: `${type} ${blob.toString("base64")} ${comment}`,
    privateKey: `-----BEGIN ${name}-----\n${lines.join("\n")}\n-----END ${name}-----\n`,
  };
}

const type = "ssh-ed25519";
/** Of an Ed25519 key in PKCS #8 (RFC 8410). */
const pkcs8Head = Buffer.from("302e020100300506032b657004220420", "hex");
