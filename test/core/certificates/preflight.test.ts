import assert from "node:assert/strict";
import { test } from "node:test";
import {
  judgePreflight,
  type PortAnswer,
  type PreflightFacts,
} from "../../../src/core/certificates/preflight.ts";

const four = "198.51.100.4";
const six = "2001:db8::4";
const here: PortAnswer = { kind: "here" };
const nginx: PortAnswer = { kind: "other", what: "status 404 from nginx" };
const refused: PortAnswer = { kind: "unreachable", why: "connection refused" };

/** A host whose only address leads here; nothing against it. */
const fine: PreflightFacts = {
  host: "a.test",
  challenge: "http",
  answers: [{ resolver: "1.1.1.1", addresses: [four] }],
  own: ["127.0.0.1", "::1", "fe80::1", four],
  seen: [{ address: four, answer: here }],
  caa: [],
  caIdentities: ["letsencrypt.org"],
  caTrouble: undefined,
};

/** The answers of the resolvers, and the answer at each address. */
const at = (seen: Readonly<Record<string, PortAnswer>>): Partial<PreflightFacts> => ({
  answers: [{ resolver: "1.1.1.1", addresses: Object.keys(seen) }],
  seen: Object.entries(seen).map(([address, answer]) => ({ address, answer })),
});

type Case = readonly [title: string, change: Partial<PreflightFacts>, said: string | undefined];

function check(cases: readonly Case[]): void {
  for (const [title, change, said] of cases) {
    const trouble = judgePreflight({ ...fine, ...change });
    const text = trouble && [trouble.kind, trouble.about, trouble.reason, trouble.hint].join(" | ");
    assert.equal(text, said, title);
  }
}

const set = "set the record at your DNS provider: a.test";

test("a host is fine when every address leads here", () => {
  check([
    ["one address", {}, undefined],
    [
      "behind a NAT, an address that this server does not know",
      { ...at({ "203.0.113.9": here }), own: ["10.0.0.2"] },
      undefined,
    ],
    [
      "one resolver has no answer",
      {
        answers: [
          { resolver: "1.1.1.1", addresses: [four] },
          { resolver: "8.8.8.8", addresses: undefined },
        ],
      },
      undefined,
    ],
    [
      "one resolver does not know it yet",
      {
        answers: [
          { resolver: "1.1.1.1", addresses: [four] },
          { resolver: "8.8.8.8", addresses: [] },
        ],
      },
      undefined,
    ],
    ["both kinds", at({ [four]: here, [six]: here }), undefined],
    [
      "a declared address that cannot be reached from inside",
      { ...at({ "203.0.113.9": refused }), own: ["10.0.0.2"], declared: ["203.0.113.9"] },
      undefined,
    ],
    [
      "the same, IPv6 in another spelling",
      { ...at({ "2001:db8::4": refused }), declared: ["2001:DB8:0:0:0:0:0:4"] },
      undefined,
    ],
  ]);
});

test("DNS that gives no address", () => {
  check([
    [
      "nobody answers",
      {
        answers: [
          { resolver: "1.1.1.1", addresses: undefined },
          { resolver: "this server's resolver", addresses: undefined },
        ],
      },
      "dns | waiting for DNS | a.test: could not be looked up, no answer from 1.1.1.1, this server's resolver | look it up by hand: getent ahosts a.test",
    ],
    [
      "nobody was asked",
      { answers: [] },
      "dns | waiting for DNS | a.test: could not be looked up, no answer from any resolver | look it up by hand: getent ahosts a.test",
    ],
    [
      "no address",
      at({}),
      `dns | waiting for DNS | a.test has no address, expected A 198.51.100.4 | ${set} A 198.51.100.4`,
    ],
    [
      "no address, and some do not answer",
      {
        answers: [
          { resolver: "1.1.1.1", addresses: [] },
          { resolver: "8.8.8.8", addresses: undefined },
        ],
      },
      `dns | waiting for DNS | a.test has no address, expected A 198.51.100.4 | ${set} A 198.51.100.4`,
    ],
    [
      "no address, the server has IPv6 only",
      { ...at({}), own: ["::1", six] },
      `dns | waiting for DNS | a.test has no address, expected AAAA 2001:db8::4 | ${set} AAAA 2001:db8::4`,
    ],
    [
      "no address, a private server",
      { ...at({}), own: ["10.0.0.2"] },
      `dns | waiting for DNS | a.test has no address, expected A 10.0.0.2 | ${set} A 10.0.0.2, or the public address in front of it`,
    ],
    [
      "no address, a declared one",
      { ...at({}), own: ["10.0.0.2"], declared: ["203.0.113.9"] },
      `dns | waiting for DNS | a.test has no address, expected A 203.0.113.9 | ${set} A 203.0.113.9`,
    ],
    [
      "no address, a server that knows none of its own",
      { ...at({}), own: ["127.0.0.1"] },
      `dns | waiting for DNS | a.test has no address, expected the address of this server | ${set} A ADDRESS`,
    ],
  ]);
});

test("addresses that lead elsewhere", () => {
  check([
    [
      "another server",
      at({ "203.0.113.9": nginx }),
      `dns | waiting for DNS | a.test: A 203.0.113.9 leads elsewhere (status 404 from nginx), expected A 198.51.100.4 | ${set} A 198.51.100.4`,
    ],
    [
      "nobody there",
      at({ "203.0.113.9": refused }),
      `dns | waiting for DNS | a.test: A 203.0.113.9 leads elsewhere (connection refused), expected A 198.51.100.4 | ${set} A 198.51.100.4`,
    ],
    [
      "only the AAAA, with an IPv6 of its own",
      { ...at({ [four]: here, "2001:db8::9": nginx }), own: [four, six] },
      `dns | waiting for DNS | a.test: AAAA 2001:db8::9 leads elsewhere (status 404 from nginx), expected AAAA 2001:db8::4; the CA takes IPv6 first | ${set} AAAA 2001:db8::4`,
    ],
    [
      "only the AAAA, without IPv6",
      at({ [four]: here, "2001:db8::9": refused }),
      "dns | waiting for DNS | a.test: AAAA 2001:db8::9 leads elsewhere (connection refused), expected A 198.51.100.4 alone; the CA takes IPv6 first | delete the record at your DNS provider: a.test AAAA 2001:db8::9",
    ],
    [
      "an A on a server with IPv6 only",
      { ...at({ "203.0.113.9": nginx }), own: [six] },
      "dns | waiting for DNS | a.test: A 203.0.113.9 leads elsewhere (status 404 from nginx), expected AAAA 2001:db8::4 alone | delete the record at your DNS provider: a.test A 203.0.113.9",
    ],
    [
      "both",
      at({ "203.0.113.9": nginx, "2001:db8::9": refused }),
      `dns | waiting for DNS | a.test: A 203.0.113.9 leads elsewhere (status 404 from nginx), AAAA 2001:db8::9 leads elsewhere (connection refused), expected A 198.51.100.4 | ${set} A 198.51.100.4`,
    ],
    [
      "many",
      at({
        "203.0.113.1": nginx,
        "203.0.113.2": nginx,
        "203.0.113.3": nginx,
        "203.0.113.4": nginx,
        "203.0.113.5": nginx,
      }),
      `dns | waiting for DNS | a.test: A 203.0.113.1 leads elsewhere (status 404 from nginx), A 203.0.113.2 leads elsewhere (status 404 from nginx), A 203.0.113.3 leads elsewhere (status 404 from nginx) and 2 more, expected A 198.51.100.4 | ${set} A 198.51.100.4`,
    ],
    [
      "one resolver still says the old one",
      {
        answers: [
          { resolver: "1.1.1.1", addresses: [four] },
          { resolver: "8.8.8.8", addresses: ["203.0.113.9"] },
          { resolver: "9.9.9.9", addresses: [] },
        ],
        seen: [
          { address: four, answer: here },
          { address: "203.0.113.9", answer: nginx },
        ],
      },
      `dns | waiting for DNS | a.test: A 203.0.113.9 leads elsewhere (status 404 from nginx, according to 8.8.8.8), expected A 198.51.100.4 | wait until every DNS server has the new record; mypaas tries again by itself`,
    ],
    [
      "perhaps the outer address of a NAT",
      { ...at({ "203.0.113.9": refused }), own: ["10.0.0.2"] },
      `dns | waiting for DNS | a.test: A 203.0.113.9 leads elsewhere (connection refused), expected A 10.0.0.2 | if this server has that address, run: mypaas init --address 203.0.113.9; else ${set} A 10.0.0.2, or the public address in front of it`,
    ],
    [
      "a server that knows none of its own",
      { ...at({ "203.0.113.9": nginx }), own: [] },
      `dns | waiting for DNS | a.test: A 203.0.113.9 leads elsewhere (status 404 from nginx), expected the address of this server | ${set} A ADDRESS`,
    ],
    [
      "an AAAA, and a server that knows none of its own",
      { ...at({ "2001:db8::9": nginx }), own: [] },
      `dns | waiting for DNS | a.test: AAAA 2001:db8::9 leads elsewhere (status 404 from nginx), expected the address of this server | ${set} AAAA ADDRESS`,
    ],
    [
      "an address that nobody has asked",
      { ...at({ "203.0.113.9": nginx }), seen: [] },
      `dns | waiting for DNS | a.test: A 203.0.113.9 leads elsewhere (not probed), expected A 198.51.100.4 | ${set} A 198.51.100.4`,
    ],
    [
      "control characters in an answer",
      at({ "203.0.113.9": { kind: "other", what: "status 200 from \u001b[31mx\n" } }),
      `dns | waiting for DNS | a.test: A 203.0.113.9 leads elsewhere (status 200 from x), expected A 198.51.100.4 | ${set} A 198.51.100.4`,
    ],
  ]);
});

test("port 80 of this server", () => {
  check([
    [
      "closed",
      at({ [four]: refused }),
      "port | port 80 | port 80 of 198.51.100.4: connection refused | open port 80 in the firewalls of this server and of its provider, then try from another machine: curl -sI http://a.test/",
    ],
    [
      "somebody else's",
      at({ [four]: nginx }),
      "port | port 80 | port 80 of 198.51.100.4: another server answers for a.test, status 404 from nginx | see which program has the port: ss -ltnp 'sport = :80'",
    ],
    [
      "closed for IPv6",
      { ...at({ [four]: here, [six]: refused }), own: [four, six] },
      "port | port 80 | port 80 of 2001:db8::4: connection refused | open port 80 in the firewalls of this server and of its provider, then try from another machine: curl -sI http://a.test/",
    ],
    [
      "somebody else's at a declared address",
      { ...at({ "203.0.113.9": nginx }), declared: ["203.0.113.9"] },
      "port | port 80 | port 80 of 203.0.113.9: another server answers for a.test, status 404 from nginx | see which program has the port: ss -ltnp 'sport = :80'",
    ],
  ]);
});

test("CAA records and the CA, whatever the challenge", () => {
  check([
    [
      "allowed",
      { caa: ["digicert.com", " LetsEncrypt.org ; validationmethods=http-01"] },
      undefined,
    ],
    ["could not be asked", { caa: undefined }, undefined],
    ["a CA without names", { caa: ["digicert.com"], caIdentities: undefined }, undefined],
    ["a CA with an empty list", { caa: ["digicert.com"], caIdentities: [] }, undefined],
    [
      "forbidden",
      { caa: ["digicert.com", "pki.goog; cansignhttpexchanges=yes", "digicert.com"] },
      'caa | CAA | a.test: the CAA record allows only digicert.com, pki.goog to issue certificates, needed letsencrypt.org | add the record at your DNS provider: a.test CAA 0 issue "letsencrypt.org"',
    ],
    [
      "forbidden to everybody",
      { caa: [";"] },
      'caa | CAA | a.test: the CAA record allows no CA to issue certificates, needed letsencrypt.org | add the record at your DNS provider: a.test CAA 0 issue "letsencrypt.org"',
    ],
    [
      "a wildcard over DNS",
      { host: "*.b.test", challenge: "dns", answers: [], seen: [], caa: ["digicert.com"] },
      'caa | CAA | *.b.test: the CAA record allows only digicert.com to issue certificates, needed letsencrypt.org | add the record at your DNS provider: b.test CAA 0 issuewild "letsencrypt.org"',
    ],
    [
      "addresses do not count over DNS",
      { challenge: "dns", ...at({ "203.0.113.9": nginx }) },
      undefined,
    ],
    [
      "the CA is away",
      { caTrouble: "connect ECONNREFUSED\n10.5.0.3:14000" },
      "ca | CA away | the CA cannot be reached: connect ECONNREFUSED 10.5.0.3:14000 | let this server reach the CA over https; mypaas tries again by itself",
    ],
    [
      "the CA is away over DNS",
      { challenge: "dns", answers: [], seen: [], caTrouble: "status 503" },
      "ca | CA away | the CA cannot be reached: status 503 | let this server reach the CA over https; mypaas tries again by itself",
    ],
  ]);
});

test("the first problem is reported: DNS, port, CAA, CA", () => {
  check([
    [
      "all four",
      {
        ...at({ [four]: refused, "203.0.113.9": nginx }),
        caa: ["x.test"],
        caTrouble: "status 503",
      },
      `dns | waiting for DNS | a.test: A 203.0.113.9 leads elsewhere (status 404 from nginx), expected A 198.51.100.4 | delete the record at your DNS provider: a.test A 203.0.113.9`,
    ],
    [
      "without DNS",
      { ...at({ [four]: refused }), caa: ["x.test"], caTrouble: "status 503" },
      "port | port 80 | port 80 of 198.51.100.4: connection refused | open port 80 in the firewalls of this server and of its provider, then try from another machine: curl -sI http://a.test/",
    ],
    [
      "without port",
      { caa: ["x.test"], caTrouble: "status 503" },
      'caa | CAA | a.test: the CAA record allows only x.test to issue certificates, needed letsencrypt.org | add the record at your DNS provider: a.test CAA 0 issue "letsencrypt.org"',
    ],
  ]);
});

test("a record for a family that this server does not listen on", () => {
  const own = ["127.0.0.1", four, six];
  check([
    [
      "AAAA, and IPv4 alone",
      { ...at({ [four]: here, [six]: refused }), own, only: "IPv4" },
      `port | port 80 | a.test: AAAA 2001:db8::4 leads to this server, which does not listen on IPv6; the CA takes IPv6 first | listen on both families, on the server: sudo mypaas init --bind 0.0.0.0 ::; or delete the record at your DNS provider: a.test AAAA 2001:db8::4`,
    ],
    [
      "A, and IPv6 alone",
      { ...at({ [four]: refused, [six]: here }), own, only: "IPv6" },
      `port | port 80 | a.test: A 198.51.100.4 leads to this server, which does not listen on IPv4 | listen on both families, on the server: sudo mypaas init --bind 0.0.0.0 ::; or delete the record at your DNS provider: a.test A 198.51.100.4`,
    ],
    ["both, and both answer", { ...at({ [four]: here, [six]: here }), own }, undefined],
    [
      "both, and the relay is away",
      { ...at({ [four]: here, [six]: refused }), own },
      "port | port 80 | port 80 of 2001:db8::4: connection refused | open port 80 in the firewalls of this server and of its provider, then try from another machine: curl -sI http://a.test/",
    ],
    [
      "no record: the one to set is of the family that it listens on",
      { ...at({}), own: [six, four], only: "IPv6" },
      `dns | waiting for DNS | a.test has no address, expected AAAA 2001:db8::4 | ${set} AAAA 2001:db8::4`,
    ],
    [
      "AAAA of another server",
      { ...at({ [four]: here, "2001:db8::9": nginx }), own, only: "IPv4" },
      "dns | waiting for DNS | a.test: AAAA 2001:db8::9 leads elsewhere (status 404 from nginx), expected A 198.51.100.4 alone; the CA takes IPv6 first | delete the record at your DNS provider: a.test AAAA 2001:db8::9",
    ],
  ]);
});
