import assert from "node:assert/strict";
import { createPrivateKey, generateKeyPairSync, X509Certificate } from "node:crypto";
import { before, test } from "node:test";
import { rootCertificates } from "node:tls";
import { generate } from "selfsigned";
import {
  checkManual,
  coversHost,
  issuerName,
  namesKey,
  namesOf,
  type ManualCertificate,
} from "../../../src/core/certificates/manual-certificate.ts";
import { maxPemBytes } from "../../../src/core/certificates/certificate-files.ts";
import { UserError } from "../../../src/core/errors.ts";
import { makeCa, makeLeaf, type TestCa, type TestLeaf } from "../../support/test-ca.ts";

const now = Date.UTC(2026, 1, 1);
const dates = { from: new Date(Date.UTC(2026, 0, 1)), until: new Date(Date.UTC(2026, 3, 1)) };
const long = { from: new Date(Date.UTC(2025, 0, 1)), until: new Date(Date.UTC(2035, 0, 1)) };

let root: TestCa;
let middle: TestCa;
let leaf: TestLeaf;
let other: TestLeaf;
let direct: TestLeaf;
let alone: { readonly cert: string; readonly key: string };

before(async () => {
  root = await makeCa("Test Root", long);
  middle = await makeCa("Test Middle", { issuer: root, ...long });
  const hosts = ["A.test", "*.b.test"];
  leaf = await makeLeaf({ ca: middle, hosts, ips: ["10.0.0.1"], ...dates });
  other = await makeLeaf({ ca: middle, hosts, ...dates });
  direct = await makeLeaf({ ca: root, hosts, ...dates });
  alone = await selfSigned();
});

async function selfSigned() {
  const made = await generate([{ name: "commonName", value: "a.test" }], {
    keyType: "ec",
    algorithm: "sha256",
    notBeforeDate: dates.from,
    notAfterDate: dates.until,
    extensions: [
      { name: "basicConstraints", cA: false, critical: true },
      { name: "subjectAltName", altNames: [{ type: 2, value: "a.test" }] },
    ],
  });
  return { cert: `${made.cert.trim()}\n`, key: made.private };
}

interface Change {
  readonly host?: string;
  readonly certificate?: string;
  readonly privateKey?: string;
  readonly now?: number;
  readonly roots?: readonly string[];
}

const check = (change: Change = {}): ManualCertificate =>
  checkManual({
    host: "a.test",
    certificate: leaf.chain,
    privateKey: leaf.key,
    now,
    roots: [],
    ...change,
  });

function refuses(change: Change, message: string, hint: string): void {
  assert.throws(
    () => check(change),
    (error) => {
      assert.ok(error instanceof UserError);
      assert.deepEqual([error.message, error.hint, error.code], [message, hint, "bad-certificate"]);
      assert.ok(!String(error.cause).includes("PRIVATE"));
      return true;
    },
  );
}

test("a certificate with its chain is accepted, with its names, issuer and dates", () => {
  assert.deepEqual(check(), {
    chain: leaf.cert + middle.cert,
    privateKey: createPrivateKey(leaf.key).export({ type: "pkcs8", format: "pem" }),
    names: ["a.test", "*.b.test"],
    issuer: "Test Middle",
    from: dates.from.getTime(),
    until: dates.until.getTime(),
    fingerprint: new X509Certificate(leaf.cert).fingerprint256.replaceAll(":", "").toLowerCase(),
  });
});

test("the chain is put in order, without what does not belong to it", () => {
  const whole = leaf.cert + middle.cert;
  const cases: readonly (readonly [title: string, file: string, chain: string])[] = [
    ["the other way round", middle.cert + leaf.cert, whole],
    ["with the root first", root.cert + middle.cert + leaf.cert, whole + root.cert],
    ["twice", leaf.cert + leaf.cert + middle.cert + middle.cert, whole],
    ["with somebody else's", other.cert + leaf.cert + middle.cert, whole],
    ["with the key and text", `Bag Attributes\n${leaf.key}\nsubject=x\n${whole}`, whole],
    ["with line ends of Windows", `\ufeff${whole.replaceAll("\n", "\r\n")}`, whole],
    ["without the last line end", whole.trimEnd(), whole],
  ];
  for (const [title, certificate, chain] of cases)
    assert.equal(check({ certificate }).chain, chain, title);
});

test("a single certificate is enough when a known root issued it, or when it is self-signed", () => {
  const known = check({
    certificate: direct.cert,
    privateKey: direct.key,
    roots: [rootCertificates[0] ?? "", root.cert],
  });
  assert.deepEqual([known.chain, known.issuer], [direct.cert, "Test Root"]);
  const own = check({ certificate: alone.cert, privateKey: alone.key });
  assert.deepEqual([own.chain, own.issuer], [alone.cert, "self-signed"]);
});

test("every kind of key file is accepted, and stored as PKCS #8", () => {
  const key = createPrivateKey(leaf.key);
  const pkcs8 = key.export({ type: "pkcs8", format: "pem" }).toString();
  const sec1 = key.export({ type: "sec1", format: "pem" }).toString();
  const parameters =
    "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n";
  for (const privateKey of [pkcs8, sec1, parameters + sec1, leaf.chain + sec1])
    assert.equal(check({ privateKey }).privateKey, pkcs8);
});

test("files without certificate or key are refused", () => {
  const add = "mypaas cert add HOST cert.pem key.pem";
  refuses(
    { certificate: "0\u0082\u0003" },
    "certificate: no certificate in the file, in PEM it begins with -----BEGIN CERTIFICATE-----",
    "convert a binary file to PEM: openssl x509 -in cert.der -out cert.pem",
  );
  refuses(
    {
      certificate: "-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n",
    },
    "certificate: the file holds a certificate request, not a certificate",
    `give the certificate that the issuer sent back: ${add}`,
  );
  refuses(
    { certificate: `${leaf.cert}-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n` },
    "certificate: number 2 in the file cannot be read",
    "copy the file again, a part is missing or damaged: openssl x509 -in cert.pem -noout",
  );
  refuses(
    { privateKey: "" },
    "private key: no private key in the file, in PEM it begins with -----BEGIN PRIVATE KEY-----",
    `give the key that the certificate was issued for: ${add}`,
  );
  refuses(
    { privateKey: "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n" },
    "private key: cannot be read",
    "check the file: openssl pkey -in key.pem -noout",
  );
  refuses(
    { certificate: leaf.key, privateKey: leaf.chain },
    "certificate and private key: swapped, the first file holds the key",
    `give the certificate first: ${add}`,
  );
  const small = `give a file with the certificates of this host alone: ${add}`;
  refuses(
    { certificate: "x".repeat(120_000) },
    "certificate: the file is too big, 120 kB of at most 100 kB",
    small,
  );
  assert.ok(check({ certificate: leaf.chain.padEnd(maxPemBytes) }));
  refuses(
    { privateKey: "x".repeat(120_000) },
    "private key: the file is too big, 120 kB of at most 100 kB",
    small,
  );
});

test("a key with a passphrase is refused, in the new form and the old one", () => {
  const lock = { format: "pem", cipher: "aes-256-cbc", passphrase: "secret" } as const;
  const key = createPrivateKey(leaf.key);
  for (const type of ["pkcs8", "sec1"] as const)
    refuses(
      { privateKey: key.export({ type, ...lock }).toString() },
      "private key: protected by a passphrase",
      "remove the passphrase: openssl pkey -in key.pem -out plain.pem",
    );
});

test("a key that belongs to another certificate is refused", () => {
  const hint =
    "give the key that the certificate was issued for; these two must print the same: openssl x509 -in cert.pem -noout -pubkey, openssl pkey -in key.pem -pubout";
  const { privateKey } = generateKeyPairSync("rsa", {
    modulusLength: 2048,
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
  });
  refuses({ privateKey: other.key }, "private key: does not match the certificate", hint);
  refuses({ privateKey }, "private key: does not match the certificate", hint);
});

test("a host that the certificate does not cover is refused", async () => {
  const instead = "mypaas cert add a.test cert.pem key.pem";
  refuses(
    { host: "www.a.test" },
    "certificate: does not cover www.a.test, only a.test, *.b.test",
    `add it for a host that it covers: ${instead}`,
  );
  refuses(
    { host: "*.a.test" },
    "certificate: does not cover *.a.test, only a.test, *.b.test",
    `request a certificate for *.a.test, or add this one for a host that it covers: ${instead}`,
  );
  const nameless = await makeLeaf({ ca: middle, ips: ["10.0.0.1"], ...dates });
  refuses(
    { certificate: nameless.chain, privateKey: nameless.key },
    "certificate: does not cover a.test, it holds no host name",
    "request a certificate with a.test as subject alternative name",
  );
});

test("a certificate outside its dates is refused, and so is one above it", async () => {
  const renew = "renew it at its issuer, then run: mypaas cert add a.test cert.pem key.pem";
  refuses({ now: dates.until.getTime() }, "certificate: expired on 2026-04-01 00:00 UTC", renew);
  refuses(
    { now: dates.from.getTime() - 1 },
    "certificate: not valid before 2026-01-01 00:00 UTC",
    "wait until then, or correct this server's clock: timedatectl set-ntp true",
  );
  const old = await makeCa("Old Middle", { issuer: root, from: long.from, until: dates.from });
  const below = await makeLeaf({ ca: old, hosts: ["a.test"], ...dates });
  refuses(
    { certificate: below.chain, privateKey: below.key },
    "intermediate certificate of Old Middle: expired on 2026-01-01 00:00 UTC",
    renew,
  );
});

test("a single certificate of an issuer that no browser knows is refused", () => {
  const change = { certificate: leaf.cert, roots: [root.cert] };
  refuses(
    change,
    "certificate: the intermediate certificates are missing, the issuer is Test Middle",
    "add the intermediate certificates: cat cert.pem chain.pem > fullchain.pem",
  );
  refuses(
    { ...change, certificate: leaf.cert + root.cert },
    "certificate: the intermediate certificates are missing, the issuer is Test Middle",
    "add the intermediate certificates: cat cert.pem chain.pem > fullchain.pem",
  );
});

test("a wildcard covers exactly one label, and only itself is a wildcard", () => {
  const cases: readonly (readonly [string, boolean])[] = [
    ["a.test", true],
    ["A.TEST", true],
    ["x.a.test", false],
    ["b.test", false],
    ["x.b.test", true],
    ["x.y.b.test", false],
    ["*.b.test", true],
    ["*.x.b.test", false],
    ["*.a.test", false],
    ["test", false],
    ["", false],
  ];
  for (const [host, expected] of cases)
    assert.equal(coversHost(["a.test", "*.b.test"], host), expected, host);
});

test("a set of names has one key, for any order and case", () => {
  const cases: readonly (readonly [readonly string[], string])[] = [
    [[], ""],
    [["a.test"], "a.test"],
    [["B.test", "a.TEST"], "a.test,b.test"],
    [["a.test", "*.a.test", "A.test"], "*.a.test,a.test"],
  ];
  for (const [names, key] of cases) assert.equal(namesKey(names), key);
});

test("a name with a comma does not look like two names, and the organization names the issuer", async () => {
  const signer = await generate([{ name: "organizationName", value: "Good Names\\, Inc." }], {
    keyType: "ec",
    algorithm: "sha256",
    extensions: [{ name: "basicConstraints", cA: true, critical: true }],
  });
  const made = await generate([{ name: "commonName", value: "x" }], {
    keyType: "ec",
    algorithm: "sha256",
    ca: { cert: signer.cert, key: signer.private },
    extensions: [
      {
        name: "subjectAltName",
        altNames: ["x.test", "y, DNS:evil.test", "X.test", "z.test"].map((value) => ({
          type: 2 as const,
          value,
        })),
      },
    ],
  });
  const certificate = new X509Certificate(made.cert);
  assert.deepEqual(namesOf(certificate), ["x.test", "z.test"]);
  assert.equal(issuerName(certificate), "Good Names, Inc.");
});
