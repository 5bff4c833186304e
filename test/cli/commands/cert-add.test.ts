import assert from "node:assert/strict";
import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test, type TestContext } from "node:test";
import { main } from "../../../src/cli/main.ts";
import { fakeWireServer } from "../../support/fake-wire-server.ts";
import { asOrdinaryUser } from "../../support/ordinary-user.ts";
import { fakeWorld } from "../../support/world.ts";

const cwd = await mkdtemp(join(tmpdir(), "mypaas-cert-"));
after(() => rm(cwd, { recursive: true }));

const block = (label: string, body: string) =>
  `-----BEGIN ${label}-----\n${body}\n-----END ${label}-----\n`;
const chain = block("CERTIFICATE", "bGVhZg==") + block("CERTIFICATE", "cm9vdA==");
const key = block("EC PRIVATE KEY", "c2VjcmV0d29yZA==");

const files = {
  "chain.pem": `subject=CN\n${chain}`,
  "key.pem": `${block("EC PARAMETERS", "BggqhkjOPQMBBw==")}${key}`,
  "both.pem": chain + key,
  "locked.pem": block("ENCRYPTED PRIVATE KEY", "c2VjcmV0d29yZA=="),
  "old-locked.pem": block("RSA PRIVATE KEY", "Proc-Type: 4,ENCRYPTED\n\nc2VjcmV0d29yZA=="),
  id_ed25519: block("OPENSSH PRIVATE KEY", "c2VjcmV0d29yZA=="),
  "cert.der": Buffer.from("308202fb308201e3a003", "hex"),
  "odd.bin": "\u0000\u0001",
  "cut.pem": "-----BEGIN CERTIFICATE-----\nbGVh",
  "full.pem": chain.padEnd(100_000),
  "big.pem": "x".repeat(100_001),
};
for (const [name, text] of Object.entries(files))
  // oxlint-disable-next-line no-await-in-loop
  await writeFile(join(cwd, name), text);
await mkdir(join(cwd, "folder"));

const info = {
  host: "*.a.test",
  services: ["web"],
  state: "own",
  certificate: { issuer: "Example CA", from: 0, until: Date.UTC(2027, 1, 19) },
};

async function server(t: TestContext) {
  const fake = await fakeWireServer(t, { result: { certificate: info } });
  const { runDir } = await fake.listenOnSocket();
  const run = async (...args: readonly string[]) => {
    const env = { MYPAAS_RUN_DIR: runDir };
    const world = fakeWorld({ args: ["cert", "add", ...args], env, cwd });
    const code = await main(world, { worker: async () => {} });
    return { code, out: world.out(), err: world.err() };
  };
  return { run, asked: () => [...fake.requests.values()] };
}

const sent = (request: object | undefined) => {
  const { host, certificate, privateKey } = request as Readonly<Record<string, string>>;
  return { host, certificate, privateKey };
};

test("an own certificate is sent with its chain and key, and nothing else of the files", async (t) => {
  const { run, asked } = await server(t);
  assert.deepEqual(await run("*.A.test", "chain.pem", "key.pem"), {
    code: 0,
    out: "*.a.test has a manual certificate by Example CA; expires: in 90 d\n",
    err: "",
  });
  const wanted = {
    host: "*.a.test",
    certificate: chain,
    privateKey: key,
  };
  assert.deepEqual(sent(asked()[0]), wanted);
  const json = await run("*.a.test", "both.pem", "both.pem", "--json");
  assert.deepEqual(JSON.parse(json.out), { kind: "answer", certificate: info });
  assert.deepEqual(sent(asked()[1]), wanted);
  await run("*.a.test", "full.pem", "key.pem");
  assert.deepEqual(sent(asked()[2]), wanted);
});

const refused: readonly (readonly [args: string, err: string])[] = [
  [
    "none.pem key.pem",
    "certificate none.pem: no such file\nhint: name both files: mypaas cert add HOST fullchain.pem privkey.pem",
  ],
  [
    "chain.pem none.pem",
    "private key none.pem: no such file\nhint: name both files: mypaas cert add HOST fullchain.pem privkey.pem",
  ],
  ["folder key.pem", "certificate folder: is a folder"],
  [
    `${"x".repeat(300)} key.pem`,
    `certificate ${"x".repeat(300)}: unreadable (ENAMETOOLONG)\nhint: see its permissions: ls -l ${"x".repeat(300)}`,
  ],
  ["big.pem key.pem", "certificate big.pem: has more than 100000 bytes"],
  ["chain.pem big.pem", "private key big.pem: has more than 100000 bytes"],
  [
    "key.pem chain.pem",
    "certificate key.pem: holds a private key and no certificate\nhint: the certificate comes first: mypaas cert add a.test chain.pem key.pem",
  ],
  [
    "key.pem chain.pem -r prod",
    "certificate key.pem: holds a private key and no certificate\nhint: the certificate comes first: mypaas cert add a.test chain.pem key.pem -r prod",
  ],
  ["locked.pem key.pem", "certificate locked.pem: holds a private key and no certificate"],
  [
    "cert.der key.pem",
    "certificate cert.der: is binary and not PEM\nhint: convert it to PEM: openssl x509 -inform der -in cert.der -out cert.pem",
  ],
  [
    "cut.pem key.pem",
    "certificate cut.pem: is cut off, it has no -----END CERTIFICATE-----\nhint: copy the whole file again",
  ],
  [
    "odd.bin key.pem",
    "certificate odd.bin: holds no certificate in PEM\nhint: name the file that begins with -----BEGIN CERTIFICATE-----",
  ],
  [
    "chain.pem chain.pem",
    "private key chain.pem: holds a certificate and no private key in PEM\nhint: name the file that holds -----BEGIN PRIVATE KEY-----",
  ],
  [
    "chain.pem id_ed25519",
    "private key id_ed25519: holds no private key in PEM\nhint: name the file that holds -----BEGIN PRIVATE KEY-----",
  ],
  ...["locked.pem", "old-locked.pem"].map(
    (name) =>
      [
        `chain.pem ${name}`,
        `private key ${name}: is encrypted with a passphrase\nhint: write it without one: openssl pkey -in ${name} -out plain.pem`,
      ] as const,
  ),
];
for (const [args, err] of refused)
  test(`an own certificate is refused here: ${err.split("\n")[0]?.slice(0, 70)}`, async (t) => {
    const { run, asked } = await server(t);
    const ran = await run("a.test", ...args.split(" "));
    assert.deepEqual(ran, { code: 1, out: "", err: `error: ${err}\n` });
    assert.deepEqual(asked(), []);
  });

test("a file without read permission is named", async (t) => {
  const { run } = await server(t);
  await chmod(cwd, 0o755);
  await writeFile(join(cwd, "secret.pem"), key, { mode: 0 });
  const ran = await asOrdinaryUser(() => run("a.test", "chain.pem", "secret.pem"));
  assert.deepEqual(ran, {
    code: 1,
    out: "",
    err: "error: private key secret.pem: permission denied\nhint: see its permissions: ls -l secret.pem\n",
  });
});
