import assert from "node:assert/strict";
import { test } from "node:test";
import {
  wantedCertificates,
  type CertificateOptions,
} from "../../../src/cli/init/certificate-options.ts";
import { letsEncrypt, letsEncryptStaging } from "../../../src/core/server/acme.ts";

type Config = ReturnType<typeof wantedCertificates>;

const staging = { server: letsEncryptStaging, hasCa: false, lifetimeHours: 2160 };
const own = { server: "https://ca.test:14000/dir", hasCa: true, lifetimeHours: 24 };
const other = "https://other.test/dir";
const cases: readonly (readonly [string, Config, CertificateOptions, Config])[] = [
  ["nothing said and nothing known is nothing", {}, {}, {}],
  ["staging by its word", {}, { acmeServer: "letsencrypt-staging" }, { acme: staging }],
  ["staging for short", {}, { acmeStaging: true }, { acme: staging }],
  ["and back", { acme: staging }, { acmeServer: "letsencrypt" }, {}],
  ["the same by its URL", { acme: staging }, { acmeServer: letsEncrypt }, {}],
  [
    "a CA of one's own",
    {},
    { acmeServer: "https://CA.test:14000/dir", acmeCa: "ca.pem", acmeLifetime: "1d" },
    { acme: own },
  ],
  ["what is not said stays", { acme: own }, {}, { acme: own }],
  [
    "also with the same server said again",
    { acme: own },
    { acmeServer: own.server },
    { acme: own },
  ],
  [
    "another CA of one's own has neither its file nor its lifetime",
    { acme: own },
    { acmeServer: other },
    { acme: { server: other, hasCa: false, lifetimeHours: 2160 } },
  ],
  [
    "nor has another directory of the same host",
    { acme: own },
    { acmeServer: "https://ca.test:14000/two" },
    { acme: { server: "https://ca.test:14000/two", hasCa: false, lifetimeHours: 2160 } },
  ],
  [
    "unless they are said again",
    { acme: own },
    { acmeServer: other, acmeCa: "ca.pem", acmeLifetime: "2d" },
    { acme: { server: other, hasCa: true, lifetimeHours: 48 } },
  ],
  [
    "the file alone goes by a word",
    { acme: own },
    { acmeCa: "none" },
    { acme: { ...own, hasCa: false } },
  ],
  [
    "a file may have that name",
    { acme: { ...own, hasCa: false } },
    { acmeCa: "./none" },
    { acme: own },
  ],
  [
    "Let's Encrypt has no file to forget",
    { acme: own },
    { acmeServer: "letsencrypt", acmeCa: "none" },
    {},
  ],
  ["Let's Encrypt keeps nothing of it", { acme: own }, { acmeServer: "letsencrypt" }, {}],
  ["nor does its staging", { acme: own }, { acmeStaging: true }, { acme: staging }],
  [
    "Let's Encrypt itself may have another lifetime",
    {},
    { acmeLifetime: "45d" },
    { acme: { ...staging, server: letsEncrypt, lifetimeHours: 1080 } },
  ],
  [
    "a CA of one's own has not that one",
    { acme: { ...staging, server: letsEncrypt, lifetimeHours: 1080 } },
    { acmeServer: other },
    { acme: { server: other, hasCa: false, lifetimeHours: 2160 } },
  ],
  [
    "but staging has it then",
    { acme: { ...staging, server: letsEncrypt, lifetimeHours: 1080 } },
    { acmeStaging: true },
    { acme: { ...staging, lifetimeHours: 1080 } },
  ],
  [
    "hours are rounded down",
    { acme: own },
    { acmeLifetime: "119m" },
    { acme: { ...own, lifetimeHours: 1 } },
  ],
  [
    "a DNS provider, with and without values",
    { acme: own },
    { dnsProvider: "hetzner", dnsEnv: "dns.env" },
    { acme: { ...own, dnsProvider: "hetzner" } },
  ],
  [
    "values for the one that is known",
    { acme: { ...staging, dnsProvider: "hetzner" } },
    { dnsEnv: "dns.env" },
    { acme: { ...staging, dnsProvider: "hetzner" } },
  ],
  [
    "another CA has the same DNS provider",
    { acme: { ...own, dnsProvider: "hetzner" } },
    { acmeStaging: true },
    { acme: { ...staging, dnsProvider: "hetzner" } },
  ],
  ["and none", { acme: { ...own, dnsProvider: "x" } }, { dnsProvider: "none" }, { acme: own }],
  [
    "DNS servers and addresses, each once",
    { resolvers: ["9.9.9.9"] },
    { resolver: ["10.0.0.2:5353", "[::1]", "::1"], address: ["192.0.2.1", "192.0.2.1"] },
    { resolvers: ["10.0.0.2:5353", "::1"], addresses: ["192.0.2.1"] },
  ],
  [
    "which stay as well",
    { resolvers: ["10.0.0.2"], addresses: ["192.0.2.1"] },
    {},
    { resolvers: ["10.0.0.2"], addresses: ["192.0.2.1"] },
  ],
  [
    "and go by a word",
    { resolvers: ["10.0.0.2"], addresses: ["192.0.2.1"] },
    { resolver: ["public"], address: ["none"] },
    {},
  ],
];

for (const [title, before, options, expected] of cases)
  test(`certificates: ${title}`, () => {
    assert.deepEqual(wantedCertificates(options, before), expected);
  });

test("values that cannot be are refused", () => {
  const server = "--acme-server: should be letsencrypt, letsencrypt-staging or an https:// URL";
  const lifetime = "--acme-lifetime: should be from 1h to 3650d, such as 90d";
  const provider = "--dns-provider: should be a provider code of lego, such as hetzner";
  const resolver = "--resolver: should be DNS servers such as 10.0.0.2 or 10.0.0.2:5353, or public";
  const address = "--address: should be public IP addresses of this server, or none";
  const refusals: readonly (readonly [CertificateOptions, string])[] = [
    [{ acmeServer: "http://ca.test/dir" }, `${server}, got "http://ca.test/dir"`],
    [{ acmeServer: "zerossl" }, `${server}, got "zerossl"`],
    [{ acmeLifetime: "90" }, `${lifetime}, got "90"`],
    [{ acmeLifetime: "59m" }, `${lifetime}, got "59m"`],
    [{ acmeLifetime: "3651d" }, `${lifetime}, got "3651d"`],
    [{ dnsProvider: "Route 53" }, `${provider}, got "Route 53"`],
    [{ resolver: ["1.1.1.1", "public"] }, `${resolver}, got "public"`],
    [{ resolver: ["dns.test"] }, `${resolver}, got "dns.test"`],
    [{ address: ["192.0.2.1:80"] }, `${address}, got "192.0.2.1:80"`],
    [{ address: ["none", "192.0.2.1"] }, `${address}, got "none"`],
  ];
  for (const [options, message] of refusals)
    assert.throws(() => wantedCertificates(options, undefined), {
      name: "UserError",
      code: "usage",
      message,
      hint: "see all options: mypaas init --help",
    });
});

test("options that mean nothing together are refused", () => {
  const ca = "--acme-ca: Let's Encrypt needs none";
  const nameServer = "name the server too: mypaas init --acme-server URL --acme-ca FILE";
  const dns = "--dns-env: needs a DNS provider";
  const nameProvider = "name it too: mypaas init --dns-provider NAME --dns-env FILE";
  const refusals: readonly (readonly [CertificateOptions, Config, string, string])[] = [
    [
      { acmeStaging: true, acmeServer: "letsencrypt" },
      {},
      "--acme-staging and --acme-server: only one of them can be given",
      "leave one of them out",
    ],
    [{ acmeCa: "ca.pem" }, {}, ca, nameServer],
    [{ acmeCa: "ca.pem", acmeStaging: true }, { acme: own }, ca, nameServer],
    [{ dnsEnv: "dns.env" }, { acme: own }, dns, nameProvider],
    [
      { dnsEnv: "dns.env", dnsProvider: "none" },
      { acme: { ...own, dnsProvider: "hetzner" } },
      dns,
      nameProvider,
    ],
  ];
  for (const [options, before, message, hint] of refusals)
    assert.throws(() => wantedCertificates(options, before), {
      name: "UserError",
      code: "usage",
      message,
      hint,
    });
});
