import { createHash, generateKeyPairSync, randomBytes, sign } from "node:crypto";
import { sshString } from "../../src/core/ssh/wire-format.ts";
import { signatureNamespace, type Request } from "../../src/core/wire/protocol.ts";
import type { Action } from "../../src/core/actions/actions.ts";

/** An ed25519 key in software that signs like `ssh-keygen -Y sign`. */
export function softKey() {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const x = Buffer.from(publicKey.export({ format: "jwk" }).x ?? "", "base64url");
  const blob = Buffer.concat([sshString("ssh-ed25519"), sshString(x)]);
  const signText = (body: Uint8Array | string, namespace = signatureNamespace): Buffer => {
    const digest = createHash("sha512").update(body).digest();
    const head = [sshString(namespace), sshString(""), sshString("sha512")];
    const magic = Buffer.from("SSHSIG");
    const raw = sign(null, Buffer.concat([magic, ...head, sshString(digest)]), privateKey);
    const version = Buffer.from([0, 0, 0, 1]);
    const signature = Buffer.concat([sshString("ssh-ed25519"), sshString(raw)]);
    return Buffer.concat([magic, version, sshString(blob), ...head, sshString(signature)]);
  };
  return { line: `ssh-ed25519 ${blob.toString("base64")} test`, sign: signText };
}

/** The bytes of a request as a client would sign them, and its bearer token. */
export function requestBytes(server: string, created: number, action: Action) {
  const token = randomBytes(32).toString("base64url");
  const tokenHash = createHash("sha256").update(token).digest("hex");
  const nonce = randomBytes(16).toString("hex");
  const request: Request = { v: 1, server, created, nonce, tokenHash, ...action };
  return { body: JSON.stringify(request), token };
}
