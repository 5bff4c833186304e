import assert from "node:assert/strict";
import { test } from "node:test";
import {
  checkOptions,
  stateDirOf,
  wantedConfig,
  type InitOptions,
} from "../../../src/cli/init/options.ts";

const more = {
  stateDir: "/var/lib/mypaas",
  before: undefined,
  server: "0123456789abcdef",
  owner: { name: "ann", home: "/home/ann" },
  cwd: "/work",
};

test("without options a server gets the defaults", () => {
  assert.deepEqual(wantedConfig({}, more), {
    version: 1,
    instance: "mypaas",
    server: "0123456789abcdef",
    stateDir: "/var/lib/mypaas",
    runDir: "/run/mypaas",
    bind: "0.0.0.0",
    urls: "kept",
    httpPort: 80,
    httpsPort: 443,
    traefikImage: "traefik:v3.7.15",
    receiverImage: "",
    owner: { name: "ann", home: "/home/ann" },
    volumes: { allow: [] },
  });
});

test("what is not said stays as it was, also who the server is and whom it belongs to", () => {
  const options = {
    httpPort: 8080,
    domain: "Paas.Example.com",
    email: "me@example.com",
    bind: ["::"],
  };
  const before = wantedConfig(options, more);
  const other = { ...more, server: "f".repeat(16), owner: { name: "bob", home: "/home/bob" } };
  assert.deepEqual(wantedConfig({}, { ...other, before }), before);
  assert.equal(before.domain, "paas.example.com");
  assert.equal(wantedConfig({ httpPort: 81 }, { ...other, before }).httpPort, 81);
});

test("another instance has a place of its own", () => {
  assert.equal(stateDirOf({}, "/work"), "/var/lib/mypaas");
  assert.equal(stateDirOf({ instance: "blue" }, "/work"), "/var/lib/blue");
  assert.equal(stateDirOf({ instance: "blue", state: "st" }, "/srv"), "/srv/st");
  assert.equal(wantedConfig({ instance: "blue" }, { ...more, stateDir: "/s" }).runDir, "/run/blue");
});

test("values that cannot be are refused", () => {
  const cases: readonly (readonly [InitOptions, string])[] = [
    [{ domain: "auto" }, '--domain: should be a host name such as paas.example.com, got "auto"'],
    [
      { domain: "*.example.com" },
      '--domain: should be a host name such as paas.example.com, got "*.example.com"',
    ],
    [
      { domain: "1.2.3.4" },
      '--domain: should be a host name such as paas.example.com, got "1.2.3.4"',
    ],
    [{ email: "me" }, '--email: should be an address such as me@example.com, got "me"'],
    [{ bind: ["eth0"] }, '--bind: should be IP addresses such as 0.0.0.0 and ::, got "eth0"'],
    [{ httpPort: 0 }, '--http-port: should be a port from 1 to 65535, got "0"'],
    [{ httpsPort: NaN }, '--https-port: should be a port from 1 to 65535, got "NaN"'],
    [
      { instance: "My Paas" },
      '--instance: should be a name of a-z, 0-9 and -, at most 31 long, got "My Paas"',
    ],
    [
      { runDir: "/run/a b" },
      '--run-dir: should be a folder named with letters, digits and _ . - @ +, got "/run/a b"',
    ],
  ];
  for (const [options, message] of cases)
    assert.throws(() => wantedConfig(options, more), {
      name: "UserError",
      message,
      hint: "see all options: mypaas init --help",
    });
});

test("the state of one instance is not taken for that of another", () => {
  const before = wantedConfig({}, more);
  assert.throws(() => wantedConfig({ instance: "blue" }, { ...more, before }), {
    message: '/var/lib/mypaas: belongs to instance "mypaas", not "blue"',
    hint: "give the other instance a place of its own: mypaas init --instance blue --state /var/lib/blue",
  });
});

test("one port cannot be both, and one image not two", () => {
  assert.throws(() => wantedConfig({ httpPort: 443 }, more), {
    message: "--https-port: should not be the http port, got 443",
    hint: "give each a port of its own: mypaas init --http-port 8080 --https-port 8443",
  });
  assert.throws(() => checkOptions({ traefikImage: "a", traefikBinary: "b" }), {
    message: "--traefik-image and --traefik-binary: only one of them can be given",
    hint: "leave one of them out",
  });
});

test("a host that goes into the printed line is a name or an address", () => {
  checkOptions({ host: "10.0.0.7" });
  checkOptions({ host: "paas.example.com" });
  assert.throws(() => checkOptions({ host: "a b" }), {
    code: "usage",
    message: '--host: should be a host name such as paas.example.com, got "a b"',
  });
});

test("a new server listens on both families where the machine has them, and an old one as before", () => {
  assert.deepEqual(wantedConfig({}, { ...more, hasIPv6: true }).bind, ["0.0.0.0", "::"]);
  assert.equal(wantedConfig({}, { ...more, hasIPv6: false }).bind, "0.0.0.0");
  // What 0.1.0 stored.
  for (const bind of ["0.0.0.0", "::"]) {
    const { urls: _, ...before } = { ...wantedConfig({}, more), bind };
    const now = wantedConfig({}, { ...more, before, hasIPv6: true });
    assert.deepEqual([now.bind, now.urls, now.trustProxy], [bind, undefined, undefined]);
  }
});

test("--bind takes several addresses, each once, and 0.0.0.0 and :: have all of their family", () => {
  const cases = [
    [
      ["0.0.0.0", "::"],
      ["0.0.0.0", "::"],
    ],
    [["10.0.0.1"], "10.0.0.1"],
    [["::"], ["::"]],
    [["2001:DB8::1", "2001:db8:0::1"], ["2001:db8::1"]],
    [["127.0.0.1", "0.0.0.0"], "0.0.0.0"],
    [
      ["::1", "10.0.0.1", "10.0.0.2", "::"],
      ["10.0.0.1", "10.0.0.2", "::"],
    ],
  ] as const;
  for (const [bind, expected] of cases)
    assert.deepEqual(wantedConfig({ bind }, more).bind, expected, bind.join(" "));
  for (const wrong of ["::ffff:10.0.0.1", "fe80::1%eth0", "[::]", "0.0.0.0:80", ""])
    assert.throws(() => wantedConfig({ bind: [wrong] }, more), {
      message: `--bind: should be IP addresses such as 0.0.0.0 and ::, got ${JSON.stringify(wrong)}`,
    });
});

test("trusted proxies are named one by one, stay, and are taken away by none", () => {
  const before = wantedConfig({ trustProxy: ["Cloudflare", "10.0.0.1/32", "10.0.0.1"] }, more);
  assert.deepEqual(before.trustProxy, ["cloudflare", "10.0.0.1"]);
  assert.deepEqual(wantedConfig({}, { ...more, before }).trustProxy, before.trustProxy);
  assert.equal(wantedConfig({ trustProxy: ["none"] }, { ...more, before }).trustProxy, undefined);
  assert.throws(() => wantedConfig({ trustProxy: ["0.0.0.0/0"] }, more), {
    message:
      '--trust-proxy "0.0.0.0/0": trusts addresses of strangers; a range has at least 8 bits, such as 10.0.0.0/8',
    hint: "name the proxies alone, or none: mypaas init --trust-proxy cloudflare",
  });
});

test("URLs are kept or cleaned", () => {
  const before = wantedConfig({ urls: "cleaned" }, more);
  assert.equal(before.urls, undefined);
  assert.equal(wantedConfig({ urls: "kept" }, { ...more, before }).urls, "kept");
  assert.throws(() => wantedConfig({ urls: "raw" }, more), {
    message: '--urls: should be kept or cleaned, got "raw"',
  });
});
