import assert from "node:assert/strict";
import { test } from "node:test";
import { contentId, hashToken, parseRequest, requestId } from "../../../src/core/wire/request.ts";
import { maxRequestBytes, type Request } from "../../../src/core/wire/protocol.ts";

const hash = "ab".repeat(32);
const head = {
  v: 1,
  server: "00112233445566ff",
  created: 1_763_700_000_000,
  nonce: "0f".repeat(16),
  tokenHash: hash,
} as const;
const entry = { path: "Dockerfile", mode: 0o644, size: 3, sha256: hash };
const manifest = {
  dockerfile: "Dockerfile",
  entries: [entry],
  options: { pull: false, noCache: false },
};
const push = { action: "push", service: "web", push: manifest } as const;

const login = {
  action: "registry.login",
  host: "ghcr.io",
  username: "ann",
  password: "secret-word",
} as const;

const cert = {
  action: "cert.add",
  host: "www.example.com",
  certificate: "-----BEGIN CERTIFICATE-----\nx\n",
  privateKey: "-----BEGIN PRIVATE KEY-----\nsecret-word\n",
} as const;

const bytes = (value: unknown) => Buffer.from(JSON.stringify(value));

const understood: readonly object[] = [
  push,
  { ...push, action: "plan", text: "FROM x\n" },
  { action: "env.list", service: "web" },
  { action: "env.set", service: "a.b-c", set: { KEY: "", _b: "x\ny" } },
  { action: "env.unset", service: "web", names: ["KEY"] },
  { action: "key.list" },
  { action: "key.add", line: "ssh-ed25519 AAAA" },
  { action: "key.remove", fingerprint: "SHA256:x" },
  { action: "server.info" },
  { action: "logs", service: "web", follow: true },
  { action: "logs", service: "web", follow: false, lines: 0, sinceMs: 5, release: 3, replica: 1 },
  { action: "job.log", job: 12 },
  { action: "job.log", service: "web" },
  { action: "ps", watch: true },
  { action: "ps", service: "web", watch: false },
  { action: "doctor" },
  { action: "doctor", host: "paas.example.com" },
  { action: "registry.login", host: "ghcr.io", username: "ann", password: "a b:c" },
  { action: "registry.logout", host: "r.example.com:5000" },
  { action: "registry.list" },
  { action: "cert.list" },
  cert,
  { ...cert, host: "*.example.com", certificate: "x".repeat(100_000) },
  { ...cert, privateKey: "x".repeat(100_000) },
  { action: "cert.remove", host: "xn--bcher-kva.example" },
  { action: "cert.retry" },
  { action: "cert.retry", host: "a.test" },
];
for (const action of understood)
  test(`a request is understood: ${JSON.stringify(action).slice(0, 60)}`, () => {
    assert.deepEqual(parseRequest(bytes({ ...head, ...action })), { ...head, ...action });
  });

const refused: readonly [unknown, string][] = [
  [[], "request: should be an object"],
  ["x", "request: should be an object"],
  [
    { ...head, ...push, v: 2 },
    "request: unknown version of the protocol, update mypaas on both sides",
  ],
  [{ ...head, ...push, server: "prod" }, 'request: server: not valid: "prod"'],
  [{ ...head, ...push, created: -1 }, "request: created: should be a whole number, got -1"],
  [{ ...head, ...push, created: "now" }, 'request: created: should be a whole number, got "now"'],
  [{ ...head, ...push, nonce: "" }, 'request: nonce: not valid: ""'],
  [{ ...head, ...push, tokenHash: undefined }, "request: tokenHash: not valid: undefined"],
  [
    { ...head, action: "frobnicate" },
    'request: unknown action "frobnicate", update mypaas on the server',
  ],
  [
    { ...head, action: "toString" },
    'request: unknown action "toString", update mypaas on the server',
  ],
  [
    { ...head, action: "registry.logout", host: "library" },
    'request: host: not a registry: "library"',
  ],
  [{ ...head, ...login, username: "ann:secret" }, "request: username: not valid"],
  [{ ...head, ...login, password: "" }, "request: password: should be one line of text"],
  [{ ...head, ...login, password: "a\nb" }, "request: password: should be one line of text"],
  [{ ...head, ...cert, host: "a.*.test" }, 'request: host: not a host name: "a.*.test"'],
  [{ ...head, ...cert, host: "A.test" }, 'request: host: not a host name: "A.test"'],
  [
    { ...head, ...cert, certificate: 1 },
    "request: certificate: should be PEM of at most 100000 characters",
  ],
  [
    { ...head, ...cert, certificate: "x".repeat(100_001) },
    "request: certificate: should be PEM of at most 100000 characters",
  ],
  [
    { ...head, ...cert, privateKey: undefined },
    "request: privateKey: should be PEM of at most 100000 characters",
  ],
  [{ ...head, action: "cert.remove" }, "request: host: not a host name: undefined"],
  [
    { ...head, action: "cert.retry", host: "a.test/x" },
    'request: host: not a host name: "a.test/x"',
  ],
  [{ ...head, action: "doctor", host: "a b" }, 'request: host: not valid: "a b"'],
  [
    { ...head, action: "logs", service: "web", lines: 10_001 },
    "request: lines: should be a whole number up to 10000, got 10001",
  ],
  [
    { ...head, action: "logs", service: "web", replica: "1" },
    'request: replica: should be a whole number up to 1000000, got "1"',
  ],
  [{ ...head, ...push, service: "Web" }, 'request: service: not valid: "Web"'],
  [{ ...head, ...push, service: "../x" }, 'request: service: not valid: "../x"'],
  [{ ...head, ...push, push: [] }, "request: push: should be an object"],
  [
    { ...head, ...push, push: { ...manifest, entries: {} } },
    "request: push.entries: should be a list",
  ],
  [
    { ...head, ...push, push: { ...manifest, entries: [{ ...entry, sha256: "x" }] } },
    'request: sha256: not valid: "x"',
  ],
  [
    { ...head, ...push, push: { ...manifest, entries: [{ ...entry, size: 1.5 }] } },
    "request: size: should be a whole number, got 1.5",
  ],
  [{ ...head, action: "env.set", service: "web", set: {} }, "request: set: names no variable"],
  [
    { ...head, action: "env.set", service: "web", set: { A: 1 } },
    "request: set.A: should be text of at most 128 KiB",
  ],
  [
    { ...head, action: "env.set", service: "web", set: { "A=B": "" } },
    'request: not a name of a variable: "A=B"',
  ],
  [
    { ...head, action: "env.unset", service: "web", names: [5] },
    "request: not a name of a variable: 5",
  ],
  [{ ...head, action: "key.add", line: "a\nb" }, 'request: line: not valid: "a\\nb"'],
];
for (const [value, message] of refused)
  test(`a request is refused: ${message}`, () => {
    assert.throws(() => parseRequest(bytes(value)), { message, code: "bad-request" });
  });

test("bytes that are no JSON, no UTF-8, too many or cut off are refused", () => {
  const message = "request: not JSON in UTF-8";
  assert.throws(() => parseRequest(Buffer.alloc(0)), { message });
  assert.throws(() => parseRequest(Buffer.from([0x22, 0xff, 0x22])), { message });
  assert.throws(() => parseRequest(bytes({ ...head, ...push }).subarray(0, 90)), { message });
  assert.throws(() => parseRequest(Buffer.alloc(maxRequestBytes + 1)), {
    message: "request: 16777217 bytes, at most 16777216",
  });
});

test("a path that leaves the context never gets through", () => {
  for (const path of ["../x", "/etc/passwd", "a/../../b", "a//b", "./a", "a\\..\\b\u0000"])
    assert.throws(
      () =>
        parseRequest(
          bytes({ ...head, ...push, push: { ...manifest, entries: [{ ...entry, path }] } }),
        ),
      { code: "bad-request" },
    );
});

test("a request has one id per bytes, a content has one id whoever asks and when", () => {
  const one = parseRequest(bytes({ ...head, ...push }));
  const other: Request = parseRequest(
    bytes({ ...head, ...push, nonce: "aa".repeat(16), created: 5 }),
  );
  assert.notEqual(requestId(bytes(one)), requestId(bytes(other)));
  assert.equal(contentId(one), contentId(other));
  assert.equal(contentId(one), contentId(push));
  const pulled = { ...push, push: { ...manifest, options: { pull: true, noCache: false } } };
  assert.equal(contentId(one), contentId(pulled));
  assert.notEqual(contentId(one), contentId({ ...push, service: "api" }));
});

test("a token is kept as its sha256 only", () => {
  assert.equal(
    hashToken("abc"),
    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
  );
});

test("the stored id of a login says nothing about its password", () => {
  assert.equal(contentId(login), contentId({ ...login, password: "another" }));
  assert.notEqual(contentId(login), contentId({ ...login, username: "bob" }));
});

test("the private key of a certificate never stands in what is said about a request", () => {
  for (const privateKey of [
    `${cert.privateKey}\0`,
    cert.privateKey.repeat(4000),
    [cert.privateKey],
    { pem: cert.privateKey },
  ])
    assert.throws(() => parseRequest(bytes({ ...head, ...cert, privateKey })), {
      message: "request: privateKey: should be PEM of at most 100000 characters",
      hint: undefined,
    });
});

test("the stored id of a certificate says nothing about its private key", () => {
  assert.equal(contentId(cert), contentId({ ...cert, privateKey: "another" }));
  assert.notEqual(contentId(cert), contentId({ ...cert, host: "a.test" }));
  assert.notEqual(contentId(cert), contentId({ ...cert, certificate: "another" }));
});
