import assert from "node:assert/strict";
import { createPrivateKey, createPublicKey, generateKeyPairSync, sign } from "node:crypto";
import type { JsonWebKey, KeyObject } from "node:crypto";
import { before, test } from "node:test";
import { checkManual } from "../../../src/core/certificates/manual-certificate.ts";
import { makeCa, type TestCa } from "../../support/test-ca.ts";

const now = Date.UTC(2026, 1, 1);

let root: TestCa;
before(async () => {
  const dates = { from: new Date(Date.UTC(2025, 0, 1)), until: new Date(Date.UTC(2035, 0, 1)) };
  root = await makeCa("Test Root", dates);
});

/** DER of one value; parts may be given in hex. */
function der(tag: number, ...parts: readonly (Buffer | string)[]): Buffer {
  const bytes = parts.map((part) => (typeof part === "string" ? Buffer.from(part, "hex") : part));
  const body = Buffer.concat(bytes);
  const { length } = body;
  const long = length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255];
  const size = length < 128 ? [length] : long;
  return Buffer.concat([Buffer.from([tag, ...size]), body]);
}

const [sequence, ecdsa, ofSubject] = [0x30, "300a06082a8648ce3d040302", "0603551d11"];
const text = (tag: number, value: string): Buffer => der(tag, Buffer.from(value));
const named = (name: string): Buffer =>
  der(sequence, der(0x31, der(sequence, "0603550403", text(0x0c, name))));

/** A certificate of the root, for any key whatsoever; `selfsigned` makes only good ones. */
function certificateFor(spki: Buffer, ...more: readonly Buffer[]): string {
  const dates = der(sequence, text(0x17, "260101000000Z"), text(0x17, "260401000000Z"));
  const hosts = der(0x04, der(sequence, text(0x82, "a.test")));
  const extensions = der(0xa3, der(sequence, der(sequence, ofSubject, hosts), ...more));
  const head = ["a003020102", "020101", ecdsa];
  const body = der(sequence, ...head, named("Test Root"), dates, named("x"), spki, extensions);
  const signature = der(0x03, "00", sign("sha256", body, root.key));
  const base64 = der(sequence, body, ecdsa, signature).toString("base64");
  return `-----BEGIN CERTIFICATE-----\n${base64}\n-----END CERTIFICATE-----\n`;
}

const spkiOf = (key: KeyObject): Buffer =>
  createPublicKey(key).export({ type: "spki", format: "der" });
const pkcs8Of = (key: KeyObject): string => key.export({ type: "pkcs8", format: "pem" }).toString();

const check = (key: KeyObject, spki = spkiOf(key)) =>
  checkManual({
    host: "a.test",
    certificate: certificateFor(spki),
    privateKey: pkcs8Of(key),
    now,
    roots: [root.cert],
  });

const ec = (namedCurve: string, paramEncoding: "named" | "explicit" = "named"): KeyObject =>
  generateKeyPairSync("ec", { namedCurve, paramEncoding }).privateKey;

/** Has the size of an RSA key and nothing else of one: real primes take seconds. */
function rsa(bits: number): KeyObject {
  const odd = (bytes: number) => Buffer.alloc(bytes, 0xff).toString("base64url");
  const [n, half] = [odd(bits / 8), odd(bits / 16)];
  const key = { kty: "RSA", n, e: "AQAB", d: n, p: half, q: half, dp: half, dq: half, qi: half };
  return createPrivateKey({ key: key satisfies JsonWebKey, format: "jwk" });
}

/** The same point by its first coordinate and a sign. */
function compressed(key: KeyObject): Buffer {
  const { x = "", y = "" } = key.export({ format: "jwk" });
  const sign = Buffer.from(y, "base64url").at(-1) ?? 0;
  const point = Buffer.concat([Buffer.from([0, 2 + (sign & 1)]), Buffer.from(x, "base64url")]);
  return der(sequence, "301306072a8648ce3d020106082a8648ce3d030107", der(0x03, point));
}

test("keys that Traefik and browsers can use are accepted", () => {
  for (const key of [rsa(2048), rsa(3072), rsa(8192), ec("prime256v1"), ec("secp384r1")])
    assert.equal(check(key).privateKey, pkcs8Of(key));
});

test("a key with explicit parameters is stored with the name of its curve", () => {
  for (const curve of ["prime256v1", "secp384r1"]) {
    const key = ec(curve, "explicit");
    const plain = createPrivateKey({ key: key.export({ format: "jwk" }), format: "jwk" });
    assert.notEqual(pkcs8Of(key), pkcs8Of(plain));
    assert.equal(check(key, spkiOf(plain)).privateKey, pkcs8Of(plain));
  }
});

/** OIDs of purposes (RFC 5280, 4.2.1.12) → whether browsers take the certificate of a server from it. */
for (const [title, purposes, isTaken] of [
  ["servers", ["06082b06010505070301"], true],
  ["clients and servers", ["06082b06010505070302", "06082b06010505070301"], true],
  ["anything", ["0604551d2500"], true],
  ["clients alone", ["06082b06010505070302"], false],
] as const)
  test(`a certificate for ${title} is ${isTaken ? "taken" : "refused"}`, () => {
    const use = der(sequence, "0603551d25", der(0x04, der(sequence, ...purposes)));
    const key = ec("prime256v1");
    const certificate = certificateFor(spkiOf(key), use);
    const add = () =>
      checkManual({
        host: "a.test",
        certificate,
        privateKey: pkcs8Of(key),
        now,
        roots: [root.cert],
      });
    if (isTaken) return assert.deepEqual(add().names, ["a.test"]);
    assert.throws(add, {
      name: "UserError",
      code: "bad-certificate",
      message: "certificate: is not for servers, its extended key usage names other purposes",
      hint: "request a certificate with the extended key usage serverAuth",
    });
  });

const only = "browsers accept RSA or EC with P-256 or P-384";
const spelledOut =
  "its EC key has explicit parameters or a compressed point, Traefik reads neither";
const pair = generateKeyPairSync("rsa-pss", { modulusLength: 2048 });
const p256 = ec("prime256v1");
const refused: readonly (readonly [
  title: string,
  message: string,
  key: KeyObject,
  spki?: Buffer,
])[] = [
  ["RSA of 1024 bits", "its RSA key has 1024 bits, browsers accept 2048 to 8192", rsa(1024)],
  ["RSA of 2032 bits", "its RSA key has 2032 bits, browsers accept 2048 to 8192", rsa(2032)],
  ["RSA of 8208 bits", "its RSA key has 8208 bits, browsers accept 2048 to 8192", rsa(8208)],
  ["RSA-PSS", `its key is RSA-PSS, ${only}`, pair.privateKey],
  [
    "DSA",
    `its key is DSA, ${only}`,
    generateKeyPairSync("dsa", { modulusLength: 1024, divisorLength: 160 }).privateKey,
  ],
  ["Ed25519", `its key is Ed25519, ${only}`, generateKeyPairSync("ed25519").privateKey],
  ["Ed448", `its key is Ed448, ${only}`, generateKeyPairSync("ed448").privateKey],
  ["secp256k1", `its key is EC with secp256k1, ${only}`, ec("secp256k1")],
  ["P-224", `its key is EC with P-224, ${only}`, ec("P-224")],
  ["brainpool", `its key is EC with brainpoolP256r1, ${only}`, ec("brainpoolP256r1")],
  ["explicit P-256", spelledOut, ec("prime256v1", "explicit")],
  ["P-521", `its key is EC with secp521r1, ${only}`, ec("secp521r1")],
  ["explicit P-224", `its key is EC with P-224, ${only}`, ec("P-224", "explicit")],
  ["a compressed point", spelledOut, p256, compressed(p256)],
];

for (const [title, message, key, spki] of refused)
  test(`a certificate for a key that browsers or Traefik cannot use is refused: ${title}`, () => {
    assert.throws(() => check(key, spki), {
      name: "UserError",
      code: "bad-certificate",
      message: `certificate: ${message}`,
      hint: "make a P-256 key and have the certificate issued for it: openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key.pem -out request.pem",
    });
  });
