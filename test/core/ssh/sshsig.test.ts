import assert from "node:assert/strict";
import { createHash, generateKeyPairSync, sign } from "node:crypto";
import { test } from "node:test";
import { fingerprint } from "../../../src/core/ssh/public-key.ts";
import { SshFormatError, sshString } from "../../../src/core/ssh/wire-format.ts";
import { isSignedBy, readSshSignature, unarmour } from "../../../src/core/ssh/sshsig.ts";
import fixture from "./fixtures/sshsig.json" with { type: "json" };

const message = Buffer.from(fixture.message);
const namespace = "mypaas@v1";

for (const { name, publicKey, signature } of fixture.signatures) {
  const blob = unarmour(signature);

  test(`a signature by ssh-keygen with ${name} is accepted for its message and key only`, () => {
    const parts = readSshSignature(blob);
    assert.equal(parts.publicKey.toString("base64"), publicKey.split(" ")[1]);
    assert.equal(isSignedBy(parts, namespace, message), true);
    assert.equal(isSignedBy(parts, namespace, Buffer.from("hello from a laptop.")), false);
    assert.equal(isSignedBy(parts, "git", message), false);
  });

  test(`no byte of a ${name} signature can be changed, cut off or added`, () => {
    const accepted = (bytes: Buffer) => {
      try {
        return isSignedBy(readSshSignature(bytes), namespace, message);
      } catch (error) {
        assert.ok(error instanceof SshFormatError);
        return false;
      }
    };
    for (let at = 0; at < blob.length; at += 1) {
      const changed = Buffer.from(blob);
      changed[at] = (changed[at] ?? 0) ^ 1;
      assert.equal(accepted(changed), false, `byte ${at} changed`);
    }
    for (let at = 0; at < blob.length; at += 7) assert.equal(accepted(blob.subarray(0, at)), false);
    assert.equal(accepted(Buffer.concat([blob, Buffer.from([0])])), false);
  });
}

test("a fingerprint is what ssh-keygen -l prints", () => {
  const blob = Buffer.from(fixture.signatures[0]?.publicKey.split(" ")[1] ?? "", "base64");
  assert.equal(fingerprint(blob), "SHA256:+o1vxtqXRWwvjO2dF1cdSVcBEFAb297lffvryT7qrMU");
});

/** A FIDO key in software, by OpenSSH's PROTOCOL.u2f. */
function fido(flags: number) {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const x = Buffer.from(publicKey.export({ format: "jwk" }).x ?? "", "base64url");
  const type = "sk-ssh-ed25519@openssh.com";
  const key = Buffer.concat([sshString(type), sshString(x), sshString("ssh:")]);
  const sha = (data: Uint8Array | string, hash = "sha256") =>
    createHash(hash).update(data).digest();
  const body = [sshString(namespace), sshString(""), sshString("sha512")];
  const inner = Buffer.concat([Buffer.from("SSHSIG"), ...body, sshString(sha(message, "sha512"))]);
  const tail = Buffer.from([flags, 0, 0, 0, 9]);
  const raw = sign(null, Buffer.concat([sha("ssh:"), tail, sha(inner)]), privateKey);
  const signature = Buffer.concat([sshString(type), sshString(raw), tail]);
  const version = Buffer.from([0, 0, 0, 1]);
  return Buffer.concat([
    Buffer.from("SSHSIG"),
    version,
    sshString(key),
    ...body,
    sshString(signature),
  ]);
}

test("a FIDO signature counts only with a touch", () => {
  assert.equal(isSignedBy(readSshSignature(fido(1)), namespace, message), true);
  assert.equal(isSignedBy(readSshSignature(fido(0)), namespace, message), false);
});
