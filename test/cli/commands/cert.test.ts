import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { main } from "../../../src/cli/main.ts";
import { command, hint, hintFields } from "../../../src/core/hints.ts";
import type { CertificateInfo } from "../../../src/core/actions/certificates.ts";
import { fakeWireServer } from "../../support/fake-wire-server.ts";
import { laptop } from "../../support/laptop.ts";
import { fakeWorld } from "../../support/world.ts";

const now = new Date(2026, 10, 21, 12).getTime();
const day = 86_400_000;
const acme = { server: "https://acme.example/dir", email: "ann@example.com" };

const until = (at: number, issuer = "Let's Encrypt") => ({
  certificate: { issuer, from: at - 90 * day, until: at },
});
const host = (
  name: string,
  state: CertificateInfo["state"],
  more: Partial<CertificateInfo> = {},
): CertificateInfo => ({ host: name, services: ["web"], state, ...more });

/** The command line on a server whose worker answers every request with `result`. */
async function server(t: TestContext, result: unknown) {
  const fake = await fakeWireServer(t, { result });
  const { runDir } = await fake.listenOnSocket();
  const run = async (words: string, env: Readonly<Record<string, string>> = {}) => {
    const args = words.split(" ");
    const world = fakeWorld({ args, env: { MYPAAS_RUN_DIR: runDir, ...env }, now: () => now });
    const code = await main(world, { worker: async () => {} });
    return { code, out: world.out(), err: world.err() };
  };
  return { run, asked: fake.asked };
}

const waiting = host("www.example.com", "waiting", {
  about: "waiting for DNS",
  reason: "www.example.com: A 203.0.113.9 leads elsewhere, expected 198.51.100.4",
  hint: "set the record at your DNS provider: www.example.com A 198.51.100.4",
  nextTry: new Date(2026, 10, 21, 14, 20).getTime(),
});

test("every host is listed with its state, and what it waits for stands below", async (t) => {
  const certificates = [
    host("example.com", "issued", until(now + 76 * day)),
    host("a.example.com", "own", until(now + 9 * day, "Example CA")),
    host("b.example.com", "asking", { services: ["blog", "web"] }),
    waiting,
    host("c.example.com", "waiting"),
    host("d.example.com", "failed", {
      ...until(now - 3 * day),
      about: "refused",
      reason: "the CA says: too many certificates",
      nextTry: new Date(2026, 10, 22, 9, 5).getTime(),
    }),
    host("e.example.com", "failed", { about: "interrupted" }),
    host("paas.example.com", "issued", { ...until(now + 14 * day), services: [] }),
  ];
  const { run, asked } = await server(t, { certificates, acme });
  const out = `host              service    state                      issuer         expires
example.com       web        issued                     Let's Encrypt  in 76 d
a.example.com     web        own                        Example CA     in 9 d, soon
b.example.com     blog, web  asking
www.example.com   web        waiting for DNS
c.example.com     web        waiting
d.example.com     web        next try 2026-11-22 09:05  Let's Encrypt  expired 3 d ago
e.example.com     web        failed
paas.example.com  (server)   issued                     Let's Encrypt  in 14 d
  www.example.com: A 203.0.113.9 leads elsewhere, expected 198.51.100.4; looks again at 14:20
  hint: set the record at your DNS provider: www.example.com A 198.51.100.4
  c.example.com: waiting
  d.example.com: the CA says: too many certificates; asks again at 2026-11-22 09:05
  e.example.com: interrupted
`;
  assert.deepEqual(await run("cert list"), { code: 0, out, err: "" });
  assert.deepEqual(await run("cert"), { code: 0, out, err: "" });
  assert.deepEqual(asked(), [{ action: "cert.list" }, { action: "cert.list" }]);
  const json = await run("cert --json");
  assert.deepEqual(JSON.parse(json.out), { kind: "answer", certificates, acme });
  assert.deepEqual({ ...json, out: "" }, { code: 0, out: "", err: "" });
});

test("colour marks the state alone, and moves no column", async (t) => {
  const certificates = [
    host("a.test", "issued", until(now + day)),
    host("b.test", "waiting", { about: "waiting for DNS" }),
    host("c.test", "failed", until(now - day)),
    host("d.test", "asking", until(now + 20 * day)),
  ];
  const { run } = await server(t, { certificates, acme });
  const colours: Readonly<Record<string, string>> = { 31: "red", 32: "green", 33: "yellow" };
  const { out } = await run("cert", { FORCE_COLOR: "1" });
  assert.equal(
    out.replaceAll(
      new RegExp(String.raw`\u001b\[(\d+)m`, "g"),
      (_all, code: string) => `<${colours[code] ?? ""}>`,
    ),
    `host    service  state            issuer         expires
a.test  web      <green>issued<>           Let's Encrypt  <yellow>in 1 d, soon<>
b.test  web      <yellow>waiting for DNS<>
c.test  web      <red>failed<>           Let's Encrypt  <red>expired 1 d ago<>
d.test  web      asking           Let's Encrypt  in 20 d
  b.test: waiting for DNS
  c.test: failed
`,
  );
});

test("where nothing wants https the list says so", async (t) => {
  const { run } = await server(t, { certificates: [] });
  assert.deepEqual(await run("cert list"), {
    code: 0,
    out: "no service uses https; to use it, add to the Dockerfile: # mypaas.https = true\n",
    err: "",
  });
});

test("a server that asks nobody says so, unless every host has a certificate of its own", async (t) => {
  const own = host("a.test", "own", until(now + 20 * day, "CA"));
  const some = await server(t, { certificates: [own, host("b.test", "waiting")] });
  assert.match(
    (await some.run("cert")).out,
    /\nthis server requests no certificates; to request them, run on the server: sudo mypaas init --email you@example\.com\n$/,
  );
  const none = await server(t, { certificates: [own] });
  assert.deepEqual(await none.run("cert"), {
    code: 0,
    out: "host    service  state  issuer  expires\na.test  web      own    CA      in 20 d\n",
    err: "",
  });
});

test("a certificate that was added is forgotten by the name that browsers ask for", async (t) => {
  const { run, asked } = await server(t, { host: "xn--bcher-kva.example" });
  const words = "cert remove BÜCHER.example";
  const out = "the manual certificate of xn--bcher-kva.example is removed\n";
  assert.deepEqual(await run(words), { code: 0, out, err: "" });
  assert.deepEqual(asked(), [{ action: "cert.remove", host: "xn--bcher-kva.example" }]);
  assert.deepEqual(JSON.parse((await run(`${words} --json`)).out), {
    kind: "answer",
    host: "xn--bcher-kva.example",
  });
});

test("a retry is done when every host that was asked for has its certificate", async (t) => {
  const issued = host("a.test", "issued", until(now + 90 * day));
  const good = await server(t, { certificates: [issued] });
  assert.deepEqual(await good.run("cert retry a.test"), {
    code: 0,
    out: "host    service  state   issuer         expires\na.test  web      issued  Let's Encrypt  in 90 d\n",
    err: "",
  });
  const bad = await server(t, { certificates: [issued, waiting] });
  const { code, out } = await bad.run("cert retry");
  assert.equal(code, 1);
  assert.match(out, /; looks again at 14:20$/m);
  assert.deepEqual(
    [...good.asked(), ...bad.asked()],
    [{ action: "cert.retry", host: "a.test" }, { action: "cert.retry" }],
  );
  const none = await server(t, { certificates: [] });
  assert.deepEqual(await none.run("cert retry"), {
    code: 0,
    out: "nothing to do: every host has its certificate\n",
    err: "",
  });
});

const refused: readonly (readonly [words: string, err: string])[] = [
  [
    "cert remove auto",
    "error: cert: auto is a host only in a Dockerfile\nhint: name the host itself, as in: mypaas cert list\n",
  ],
  ["cert retry a_b", 'error: cert: should be a host such as www.example.com, got "a_b"\n'],
  [
    "cert add a.test:443 a b",
    'error: cert: should be a host without a port, got "a.test:443"\nhint: write it without the port: a.test\n',
  ],
  [
    "cert lst",
    "error: unknown command 'lst'\n(Did you mean list?)\nhint: see how it is used: mypaas cert --help\n",
  ],
  [
    "cert frobnicate",
    "error: unknown command 'frobnicate'\nhint: see how it is used: mypaas cert --help\n",
  ],
  [
    "cert list a.test",
    "error: too many arguments for 'list'. Expected 0 arguments but got 1.\nhint: see how it is used: mypaas cert list --help\n",
  ],
];
for (const [words, err] of refused)
  test(`mypaas ${words} is wrong usage: ${err.split("\n")[0]}`, async (t) => {
    const { run, asked } = await server(t, {});
    assert.deepEqual(await run(words), { code: 2, out: "", err });
    assert.deepEqual(asked(), []);
  });

test("options may stand before the command of the family, whose own ones count first; hints name the server", async (t) => {
  const way = hintFields(hint`ask again: ${command("cert retry a.test")}`);
  const { run } = await laptop(t, {
    result: { certificates: [host("a.test", "failed", { reason: "no", ...way })], acme },
  });
  for (const words of ["cert -r prod", "cert -r prod list", "cert -r gone list -r prod"]) {
    // oxlint-disable-next-line no-await-in-loop
    const { code, out, err } = await run(words.split(" "));
    assert.deepEqual([code, err], [0, ""], words);
    assert.match(out, /^ {2}hint: ask again: mypaas cert retry a\.test -r prod$/m);
  }
});
