import assert from "node:assert/strict";
import { createHash, generateKeyPairSync, sign } from "node:crypto";
import { test } from "node:test";
import { authenticate } from "../../../src/core/wire/authenticate.ts";
import { parseKeyLine } from "../../../src/core/ssh/authorized-keys.ts";
import { sshString } from "../../../src/core/ssh/wire-format.ts";

const now = Date.UTC(2026, 10, 21, 12);
const server = "00112233445566ff";

function laptop(options = "") {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const x = Buffer.from(publicKey.export({ format: "jwk" }).x ?? "", "base64url");
  const blob = Buffer.concat([sshString("ssh-ed25519"), sshString(x)]);
  const key = parseKeyLine(`${options}ssh-ed25519 ${blob.toString("base64")} laptop`);
  if (typeof key === "string") throw new Error(key);
  const signed = (body: Uint8Array, namespace = "mypaas@v1") => {
    const head = [sshString(namespace), sshString(""), sshString("sha512")];
    const hash = sshString(createHash("sha512").update(body).digest());
    const raw = sign(null, Buffer.concat([Buffer.from("SSHSIG"), ...head, hash]), privateKey);
    const signature = sshString(Buffer.concat([sshString("ssh-ed25519"), sshString(raw)]));
    const version = Buffer.from([0, 0, 0, 1]);
    return Buffer.concat([Buffer.from("SSHSIG"), version, sshString(blob), ...head, signature]);
  };
  return { key, signed };
}

const request = (change: object = {}) =>
  Buffer.from(
    JSON.stringify({
      v: 1,
      server,
      created: now,
      nonce: "0f".repeat(16),
      tokenHash: "ab".repeat(32),
      action: "server.info",
      ...change,
    }),
  );

test("an enrolled key's request is believed", () => {
  const { key, signed } = laptop();
  const body = request();
  const got = authenticate({ body, signature: signed(body), keys: [key], server, now });
  assert.equal(got.key, key);
  assert.equal(got.request.action, "server.info");
});

test("every other request is refused and says why", () => {
  const { key, signed } = laptop();
  const stranger = laptop();
  const late = laptop("expires=2026-11-01 ");
  const body = request();
  const refuse = (input: object, expected: object) =>
    assert.throws(
      () => authenticate({ body, signature: signed(body), keys: [key], server, now, ...input }),
      expected,
    );
  refuse(
    { signature: stranger.signed(body) },
    {
      code: "unknown-key",
      message: `key ${stranger.key.fingerprint}: not enrolled on this server`,
      hint: "enrol it on the server: mypaas key add, or choose another with --key",
    },
  );
  refuse(
    { body: request({ action: "key.list" }) },
    { code: "bad-signature", message: "signature: does not fit the request" },
  );
  refuse({ signature: signed(body, "git") }, { code: "bad-signature" });
  refuse(
    { signature: Buffer.from("hello") },
    { code: "bad-signature", message: "signature: ends too early" },
  );
  refuse(
    { signature: late.signed(body), keys: [late.key] },
    { code: "expired-key", message: "key laptop: expired on 2026-11-01T00:00:00.000Z" },
  );
  refuse(
    { server: "ffffffffffffffff" },
    {
      code: "wrong-server",
      message: "request: made for server 00112233445566ff, this is ffffffffffffffff",
    },
  );
  refuse(
    { now: now + 301_000 },
    {
      code: "clock",
      message:
        "clock: the request was made 301 s behind this server's clock (2026-11-21T12:05:01.000Z)",
    },
  );
  refuse({ now: now - 301_000 }, { code: "clock" });
  const old = Buffer.from("{}");
  refuse({ body: old, signature: signed(old) }, { code: "bad-request" });
});
