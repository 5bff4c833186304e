import assert from "node:assert/strict";
import { test } from "node:test";
import { acmeReason } from "../../../../src/core/certificates/acme/reason.ts";

/** What Traefik and lego put around the error of one host. */
const obtaining = (host: string, error: string): string =>
  `unable to generate a certificate for the domains [${host}]: ${error}`;
const ofHost = (error: string, host = "a.test"): string =>
  obtaining(host, `resolver: one or more domains had a problem: [${host}: ${error}]`);
const urn = "urn:ietf:params:acme:error:";
const boulder = "acme: error: 400 :: POST :: https://acme-v02.api.letsencrypt.org/acme/new-order";

/** The error, then about, reason and hint as one text; a time when it has one. */
type Case = readonly [error: string, said: string, notBefore?: number];

function check(cases: readonly Case[]): void {
  for (const [error, said, notBefore] of cases) {
    const {
      about,
      reason,
      hint,
      hintParts = [hint],
      isSilence = false,
      ...more
    } = acmeReason(error);
    // Who could not be asked has refused nothing.
    assert.equal(isSilence, reason.includes("cannot be reached"), error);
    assert.equal([about, reason, hint ?? "-"].join(" | "), said, error);
    assert.equal(hintParts.join(""), hint ?? "");
    assert.deepEqual(more, notBefore === undefined ? {} : { notBefore });
  }
}

test("findings of the CA in DNS, on port 80 and in CAA become reasons with their facts", () => {
  check([
    [
      ofHost(
        `invalid authorization: acme: error: 400 :: ${urn}dns :: DNS problem: NXDOMAIN looking up A for a.test - check that a DNS record exists for this domain; DNS problem: NXDOMAIN looking up AAAA for a.test - check that a DNS record exists for this domain`,
      ),
      `waiting for DNS | a.test is not in the DNS (NXDOMAIN) | set the record at your DNS provider, then run: mypaas cert retry a.test`,
    ],
    [
      ofHost(
        `invalid authorization: acme: error: 400 :: ${urn}dns :: no valid A records found for a.test; no valid AAAA records found for a.test`,
      ),
      `waiting for DNS | the CA finds no address for a.test | set the record at your DNS provider, then run: mypaas cert retry a.test`,
    ],
    [
      ofHost(
        `invalid authorization: acme: error: 400 :: ${urn}dns :: DNS problem: SERVFAIL looking up A for a.test - the domain's nameservers may be malfunctioning`,
      ),
      `waiting for DNS | the CA could not look up A of a.test: SERVFAIL | repair the domain's name servers at your DNS provider, then run: mypaas cert retry a.test`,
    ],
    [
      ofHost(
        `invalid authorization: acme: error: 400 :: ${urn}dns :: DNS problem: looking up A for a.test: DNSSEC: DNSKEY Missing`,
      ),
      `waiting for DNS | the CA could not look up A of a.test: DNSSEC: DNSKEY Missing | repair DNSSEC of the domain at your DNS provider, or switch it off, then run: mypaas cert retry a.test`,
    ],
    [
      ofHost(
        `invalid authorization: acme: error: 400 :: ${urn}dns :: During secondary validation: DNS problem: query timed out looking up CAA for a.test`,
      ),
      `CAA | the CA could not look up CAA of a.test: query timed out | repair the domain's name servers at your DNS provider, then run: mypaas cert retry a.test`,
    ],
    [
      ofHost(
        `invalid authorization: acme: error: 403 :: ${urn}unauthorized :: 203.0.113.9: Invalid response from http://a.test/.well-known/acme-challenge/abc: 404`,
      ),
      `port 80 | the CA got a wrong answer from port 80 of 203.0.113.9: status 404 | check that every address is this server's: getent ahosts a.test, then run: mypaas cert retry a.test`,
    ],
    [
      ofHost(
        `invalid authorization: acme: error: 403 :: ${urn}unauthorized :: 2001:db8::9: Invalid response from http://a.test/.well-known/acme-challenge/abc: "<!DOCTYPE html>\\n<html>"`,
      ),
      `port 80 | the CA got a wrong answer from port 80 of 2001:db8::9: not this server's answer | check that every address is this server's: getent ahosts a.test, then run: mypaas cert retry a.test`,
    ],
    [
      ofHost(
        `invalid challenge: acme: error: 403 :: ${urn}unauthorized :: Non-200 status code from HTTP: http://a.test:80/.well-known/acme-challenge/abc returned 502`,
      ),
      `port 80 | the CA got a wrong answer from port 80 of a.test: status 502 | check that every address is this server's: getent ahosts a.test, then run: mypaas cert retry a.test`,
    ],
    [
      ofHost(
        `invalid authorization: acme: error: 403 :: ${urn}unauthorized :: The key authorization file from the server did not match this challenge. Expected "x.y" (got "hello")`,
      ),
      `port 80 | the CA got a wrong answer from port 80 of a.test: not this server's answer | check that every address is this server's: getent ahosts a.test, then run: mypaas cert retry a.test`,
    ],
    [
      ofHost(
        `invalid authorization: acme: error: 400 :: ${urn}connection :: 198.51.100.4: Fetching http://a.test/.well-known/acme-challenge/abc: Timeout during connect (likely firewall problem)`,
      ),
      `port 80 | the CA cannot connect to port 80 of 198.51.100.4: timeout during connect (likely firewall problem) | open port 80 in the firewalls of this server and of its provider, then run: mypaas cert retry a.test`,
    ],
    [
      ofHost(
        `invalid authorization: acme: error: 400 :: ${urn}connection :: During secondary validation: 2001:db8::9: Fetching http://a.test/.well-known/acme-challenge/abc: Connection refused`,
      ),
      `port 80 | the CA cannot connect to port 80 of 2001:db8::9, from some of its locations: connection refused | open port 80 in the firewalls of this server and of its provider, then run: mypaas cert retry a.test`,
    ],
    [
      ofHost(
        `invalid authorization: acme: error: 400 :: ${urn}connection :: 198.51.100.4: Fetching https://a.test/.well-known/acme-challenge/abc: Redirect loop detected`,
      ),
      `port 80 | the answer of 198.51.100.4 redirects the CA: redirect loop detected | follow the redirect: curl -sIL http://a.test/.well-known/acme-challenge/x`,
    ],
    [
      ofHost(
        `invalid challenge: acme: error: 400 :: ${urn}connection :: Get "http://a.test:80/.well-known/acme-challenge/abc": dial tcp 10.5.0.9:80: connect: connection refused`,
      ),
      `port 80 | the CA cannot connect to port 80 of 10.5.0.9: connection refused | open port 80 in the firewalls of this server and of its provider, then run: mypaas cert retry a.test`,
    ],
    [
      ofHost(
        `invalid challenge: acme: error: 400 :: ${urn}connection :: Get "http://a.test:80/.well-known/acme-challenge/abc": context deadline exceeded (Client.Timeout exceeded while awaiting headers)`,
      ),
      `port 80 | the CA cannot connect to port 80 of a.test: context deadline exceeded (Client.Timeout exceeded while awaiting headers) | open port 80 in the firewalls of this server and of its provider, then run: mypaas cert retry a.test`,
    ],
    [
      ofHost(
        `invalid challenge: acme: error: 400 :: ${urn}connection :: Get "http://a.test:80/.well-known/acme-challenge/abc": could not resolve URL "http://a.test:80/.well-known/acme-challenge/abc"`,
      ),
      `waiting for DNS | the CA finds no address for a.test | set the record at your DNS provider, then run: mypaas cert retry a.test`,
    ],
    [
      ofHost(
        `invalid authorization: acme: error: 400 :: ${urn}tls :: 198.51.100.4: Fetching https://a.test/.well-known/acme-challenge/abc: remote error: tls: handshake failure`,
      ),
      `port 443 | the CA cannot connect to port 443 of 198.51.100.4: remote error: tls: handshake failure | open port 443 in the firewalls of this server and of its provider, then run: mypaas cert retry a.test`,
    ],
    [
      ofHost(
        `invalid authorization: acme: error: 403 :: ${urn}caa :: CAA record for a.test prevents issuance`,
      ),
      `CAA | the CAA record of a.test forbids this CA | add a record for this CA at your DNS provider, such as: a.test CAA 0 issue "letsencrypt.org", then run: mypaas cert retry a.test`,
    ],
    [
      obtaining(
        "a.test",
        `acme: error: 403 :: POST :: https://acme-v02.api.letsencrypt.org/acme/finalize/1/2 :: ${urn}caa :: Error finalizing order :: rechecking caa: While processing CAA for a.test: something odd`,
      ),
      `CAA | the CAA record forbids this CA: rechecking caa: While processing CAA for a.test: something odd | add a record for this CA at your DNS provider, such as: a.test CAA 0 issue "letsencrypt.org", then run: mypaas cert retry a.test`,
    ],
  ]);
});

test("a missing or wrong TXT record of a wildcard is reported for the DNS provider", () => {
  check([
    [
      ofHost(
        `invalid authorization: acme: error: 403 :: ${urn}unauthorized :: No TXT record found at _acme-challenge.b.test`,
        "*.b.test",
      ),
      `DNS provider | the CA found no TXT record _acme-challenge.b.test | check that the domain uses the name servers of the DNS provider: dig NS b.test, then run: mypaas cert retry '*.b.test'`,
    ],
    [
      ofHost(
        `invalid authorization: acme: error: 403 :: ${urn}unauthorized :: Incorrect TXT record "abc" (and 1 more) found at _acme-challenge.b.test`,
        "*.b.test",
      ),
      `DNS provider | the TXT record _acme-challenge.b.test has another value than this server's | delete other TXT records of that name at your DNS provider, then run: mypaas cert retry '*.b.test'`,
    ],
    [
      ofHost(
        `invalid authorization: acme: error: 400 :: ${urn}dns :: DNS problem: NXDOMAIN looking up TXT for _acme-challenge.b.test - check that a DNS record exists for this domain`,
        "*.b.test",
      ),
      `DNS provider | the CA found no TXT record _acme-challenge.b.test | check that the domain uses the name servers of the DNS provider: dig NS b.test, then run: mypaas cert retry '*.b.test'`,
    ],
  ]);
});

test("rate limits have the time of the next possible request", () => {
  check([
    [
      ofHost(
        `invalid authorization: acme: error: 403 :: ${urn}unauthorized :: Account is not valid, has status "deactivated"`,
      ),
      `refused | the CA refuses: Account is not valid, has status "deactivated" | try again: mypaas cert retry a.test`,
    ],
    [
      obtaining(
        "a.test",
        `acme: error: 429 :: POST :: https://acme-v02.api.letsencrypt.org/acme/new-order :: ${urn}rateLimited :: too many failed authorizations (5) for "a.test" in the last 1h0m0s, retry after 2026-11-22 10:11:12 UTC: see https://letsencrypt.org/docs/rate-limits/#authorization-failures-per-identifier-per-account`,
      ),
      `rate limit | the CA's rate limit is reached until 2026-11-22 10:11:12 UTC: too many failed authorizations (5) for "a.test" in the last 1 h | wait; mypaas tries again by itself`,
      Date.UTC(2026, 10, 22, 10, 11, 12),
    ],
    [
      obtaining(
        "a.test",
        `acme: error: 429 :: POST :: https://acme-v02.api.letsencrypt.org/acme/new-order :: ${urn}rateLimited :: too many certificates (5) already issued for this exact set of identifiers in the last 168h0m0s, retry after 2026-11-22 10:11:12 UTC: see https://letsencrypt.org/docs/rate-limits/#new-certificates-per-exact-set-of-identifiers`,
      ),
      `rate limit | the CA's rate limit is reached until 2026-11-22 10:11:12 UTC: too many certificates (5) already issued for this exact set of identifiers in the last 7 days | wait; mypaas tries again by itself`,
      Date.UTC(2026, 10, 22, 10, 11, 12),
    ],
    [
      obtaining(
        "a.test",
        `acme: error: 429 :: POST :: https://acme-v02.api.letsencrypt.org/acme/new-order :: ${urn}rateLimited :: Error creating new order :: too many failed authorizations recently: see https://letsencrypt.org/docs/rate-limits/`,
      ),
      `rate limit | the CA's rate limit is reached: too many failed authorizations recently | wait; mypaas tries again by itself`,
    ],
    [
      obtaining(
        "a.test",
        `acme: error: 429 :: POST :: https://acme-v02.api.letsencrypt.org/acme/new-order :: ${urn}rateLimited :: Your account is temporarily prevented from requesting certificates for a.test and possibly others. Please visit: https://portal.letsencrypt.org/sfe/v1/unpause?jwt=abc.def`,
      ),
      `rate limit | the CA has paused the requests of this server after too many failures | open https://portal.letsencrypt.org/sfe/v1/unpause?jwt=abc.def, then run: mypaas cert retry a.test`,
    ],
    [
      obtaining(
        "a.test",
        `acme: error: 503 :: GET :: https://acme-v02.api.letsencrypt.org/directory :: ${urn}rateLimited :: Service busy; retry later.`,
      ),
      `CA away | the CA is busy | wait; mypaas tries again by itself`,
    ],
  ]);
});

test("refusals, accounts and the CA's own faults", () => {
  check([
    [
      obtaining(
        "a.test",
        `${boulder} :: ${urn}rejectedIdentifier :: Invalid identifiers requested :: Cannot issue for "a.test": The ACME server refuses to issue a certificate for this domain name, because it is forbidden by policy`,
      ),
      `refused | the CA refuses this name: Cannot issue for "a.test": The ACME server refuses to issue a certificate for this domain name, because it is forbidden by policy | choose another domain, or add a certificate: mypaas cert add a.test cert.pem key.pem`,
    ],
    [
      obtaining(
        "a.test",
        `${boulder} :: ${urn}malformed :: Error creating new order :: Cannot issue for "a.test": Domain name does not end with a valid public suffix (TLD)`,
      ),
      `refused | the CA refuses this name: Cannot issue for "a.test": Domain name does not end with a valid public suffix (TLD) | choose another domain, or add a certificate: mypaas cert add a.test cert.pem key.pem`,
    ],
    [
      obtaining(
        "a.test",
        `acme: error: 403 :: POST :: https://ca.test/new-order :: ${urn}compound :: several, problem: "${urn}caa" :: CAA record for a.test prevents issuance, problem: "${urn}dns" :: x`,
      ),
      `CAA | the CAA record of a.test forbids this CA | add a record for this CA at your DNS provider, such as: a.test CAA 0 issue "letsencrypt.org", then run: mypaas cert retry a.test`,
    ],
    [
      obtaining(
        "a.test",
        `${boulder} :: ${urn}badNonce :: JWS has an invalid anti-replay nonce: "x"`,
      ),
      `CA away | the CA has an internal error: JWS has an invalid anti-replay nonce: "x" | wait; mypaas tries again by itself`,
    ],
    [
      obtaining(
        "a.test",
        `acme: error: 500 :: POST :: https://acme-v02.api.letsencrypt.org/acme/finalize :: ${urn}serverInternal :: Error finalizing order :: Unable to meet CA SCT embedding requirements`,
      ),
      `CA away | the CA has an internal error: Unable to meet CA SCT embedding requirements | wait; mypaas tries again by itself`,
    ],
    [
      obtaining(
        "a.test",
        `acme: error: 400 :: POST :: https://10.5.0.3:14000/order-plz :: ${urn}accountDoesNotExist :: Account https://10.5.0.3:14000/my-account/1 not found`,
      ),
      `CA account | the CA no longer knows this server's account: Account https://10.5.0.3:14000/my-account/1 not found | run on the server, where FILE is the CA's file in /var/lib/mypaas/traefik/acme: docker stop mypaas-traefik && sudo mv FILE FILE.old && sudo mypaas init; all certificates are then requested again`,
    ],
    [
      obtaining(
        "a.test",
        `acme: error: 403 :: POST :: https://acme.zerossl.com/v2/DV90/newAccount :: ${urn}externalAccountRequired :: The request must include a value for the "externalAccountBinding" field`,
      ),
      `CA account | the CA requires an account that was created there first: The request must include a value for the "externalAccountBinding" field | choose a CA that needs none, such as Let's Encrypt: mypaas init --help`,
    ],
    [
      obtaining(
        "a.test",
        `acme: error: 403 :: POST :: https://ca.test/new-order :: ${urn}userActionRequired :: Terms of service have changed, url: https://ca.test/terms`,
      ),
      `CA account | the CA requires an action by hand: Terms of service have changed | open https://ca.test/terms, then run: mypaas cert retry a.test`,
    ],
    [
      obtaining(
        "a.test",
        `acme: error: 400 :: POST :: https://acme-v02.api.letsencrypt.org/acme/new-acct :: ${urn}invalidContact :: Error creating new account :: contact email has forbidden domain "example.com"`,
      ),
      `CA account | the CA refuses the email address: contact email has forbidden domain "example.com" | set another one: mypaas init --email ADDRESS`,
    ],
    [
      obtaining(
        "a.test",
        `acme: error: 400 :: POST :: https://ca.test/new-order :: ${urn}invalidProfile :: profile "x" not recognized`,
      ),
      `refused | the CA refuses (invalidProfile): profile "x" not recognized | -`,
    ],
  ]);
});

test("errors at the DNS provider before the CA is involved", () => {
  check([
    [
      `cannot get ACME client cloudflare: some credentials information are missing: CLOUDFLARE_EMAIL,CLOUDFLARE_API_KEY or some credentials information are missing: CLOUDFLARE_DNS_API_TOKEN,CLOUDFLARE_ZONE_API_TOKEN`,
      `DNS provider | cloudflare cannot be used, missing: CLOUDFLARE_EMAIL, CLOUDFLARE_API_KEY, CLOUDFLARE_DNS_API_TOKEN, CLOUDFLARE_ZONE_API_TOKEN | set the DNS provider and its values again, see: mypaas init --help`,
    ],
    [
      `cannot get ACME client unrecognized DNS provider: clodflare`,
      `DNS provider | unknown DNS provider clodflare | set the DNS provider and its values again, see: mypaas init --help`,
    ],
    [
      ofHost(
        `dns01: error presenting token (b.test): cloudflare: could not find zone for domain "b.test": [fqdn=_acme-challenge.b.test.] could not find the start of authority for '_acme-challenge.b.test.' [question='test. IN  SOA', code=NXDOMAIN]`,
        "*.b.test",
      ),
      `DNS provider | the record could not be set: cloudflare: could not find zone for domain "b.test": [fqdn=_acme-challenge.b.test.] could not find the start of authority for '_acme-challenge.b.test.' [question='test. IN SOA', code=NXDOMAIN] | check that the domain is at this DNS provider and that the key may change it, then run: mypaas cert retry '*.b.test'`,
    ],
    [
      ofHost(
        `dns01: error presenting token (b.test): cloudflare: failed to create TXT record: [status code 403] 10000: Authentication error`,
        "*.b.test",
      ),
      `DNS provider | the record could not be set: cloudflare: failed to create TXT record: [status code 403] 10000: Authentication error | check that the DNS provider's key is right and may change the domain, then run: mypaas cert retry '*.b.test'`,
    ],
    [
      ofHost(
        `dns01: error presenting token (b.test): cloudns: Get "https://api.cloudns.net/dns/get-zone.json?auth-id=1&auth-password=secret&domain-name=b.test": dial tcp: lookup api.cloudns.net on 127.0.0.11:53: no such host`,
        "*.b.test",
      ),
      `DNS provider | the record could not be set: cloudns: Get "https://api.cloudns.net/dns/get-zone.json": dial tcp: lookup api.cloudns.net on 127.0.0.11:53: no such host | check that the DNS provider's key is right and may change the domain, then run: mypaas cert retry '*.b.test'`,
    ],
    [
      ofHost(
        `dns01: time limit exceeded: last error: authoritative nameservers: NS ns1.example.net.:53 did not return the expected TXT record [fqdn: _acme-challenge.b.test., value: abc]: `,
        "*.b.test",
      ),
      `DNS provider | the TXT record _acme-challenge.b.test did not appear in time at ns1.example.net | check the record: dig TXT _acme-challenge.b.test, then run: mypaas cert retry '*.b.test'`,
    ],
    [
      ofHost(
        `dns01: time limit exceeded: last error: recursive nameservers: NS 1.1.1.1:53 returned NXDOMAIN for _acme-challenge.b.test.`,
        "*.b.test",
      ),
      `DNS provider | the TXT record _acme-challenge.b.test did not appear in time at 1.1.1.1 (NXDOMAIN) | check the record: dig TXT _acme-challenge.b.test, then run: mypaas cert retry '*.b.test'`,
    ],
  ]);
});

test("a CA without a connection", () => {
  check([
    [
      `cannot get ACME client get directory at 'https://acme-v02.api.letsencrypt.org/directory': Get "https://acme-v02.api.letsencrypt.org/directory": dial tcp: lookup acme-v02.api.letsencrypt.org on 127.0.0.11:53: no such host`,
      `CA away | the CA at acme-v02.api.letsencrypt.org cannot be reached: its name has no address (no such host) | check what answers there: curl -sI https://acme-v02.api.letsencrypt.org/directory; mypaas tries again by itself`,
    ],
    [
      `cannot get ACME client get directory at 'https://10.5.0.3:14000/dir': Get "https://10.5.0.3:14000/dir": dial tcp 10.5.0.3:14000: connect: connection refused`,
      `CA away | the CA at 10.5.0.3:14000 cannot be reached: connection refused | check what answers there: curl -sI https://10.5.0.3:14000/dir; mypaas tries again by itself`,
    ],
    [
      `cannot get ACME client get directory at 'https://10.5.0.3:14000/dir': Get "https://10.5.0.3:14000/dir": tls: failed to verify certificate: x509: certificate signed by unknown authority`,
      `CA away | the certificate of the CA at 10.5.0.3:14000 is not trusted for https: signed by unknown authority | give the CA's root certificate to init, see: mypaas init --help`,
    ],
    [
      `cannot get ACME client get directory at 'https://ca.test/dir': Get "https://ca.test/dir": context deadline exceeded (Client.Timeout exceeded while awaiting headers)`,
      `CA away | the CA at ca.test cannot be reached: no answer in time | check what answers there: curl -sI https://ca.test/dir; mypaas tries again by itself`,
    ],
    [
      `cannot get ACME client get directory at 'https://ca.test/dir': failed to decode body: 503 :: GET :: https://ca.test/dir :: invalid character '<' looking for beginning of value`,
      `CA away | the CA at ca.test cannot be reached: status 503 | check what answers there: curl -sI https://ca.test/dir; mypaas tries again by itself`,
    ],
    [
      obtaining("a.test", `acme: time limit exceeded`),
      `CA away | the CA cannot be reached: no answer in time | let this server reach the CA over https; mypaas tries again by itself`,
    ],
  ]);
});

test("possible secrets in a CA's URL are neither in the reason nor in the hint", () => {
  const said = `CA away | the CA at ca.test:9000 cannot be reached: connection refused | check what answers there: curl -sI https://ca.test:9000/dir; mypaas tries again by itself`;
  const urls = [
    "https://ca.test:9000/dir",
    "https://ca.test:9000/dir?token=hunter2",
    "https://ann:hunter2@ca.test:9000/dir",
    "https://hunter2@ca.test:9000/dir?token=hunter2&b=c",
  ];
  check(
    urls.map((url) => [
      `cannot get ACME client get directory at '${url}': Get "${url}": dial tcp 10.0.0.3:9000: connect: connection refused`,
      said,
    ]),
  );
  check([
    [
      `cannot get ACME client get directory at 'https://ann:hunter2@ca.test/dir?token=hunter2': 503 :: GET :: https://ann:hunter2@ca.test/dir?token=hunter2 :: no JSON`,
      "CA away | the CA at ca.test cannot be reached: status 503 | check what answers there: curl -sI https://ca.test/dir; mypaas tries again by itself",
    ],
  ]);
});

test("errors of older lego versions, with the host in brackets of its own", () => {
  check([
    [
      `unable to generate a certificate for the domains [a.test]: error: one or more domains had a problem:\n[a.test] acme: error: 403 :: ${urn}unauthorized :: Invalid response from http://a.test/.well-known/acme-challenge/abc [203.0.113.9]: 404, url: \n`,
      "port 80 | the CA got a wrong answer from port 80 of 203.0.113.9: status 404 | check that every address is this server's: getent ahosts a.test, then run: mypaas cert retry a.test",
    ],
  ]);
});

test("an unknown text is shown cleaned, shortened, without secrets in URLs, and never empty", () => {
  check([
    ["", "no certificate | Traefik gives no reason | -"],
    ["\u001b]0;x\u0007 \n", "no certificate | Traefik gives no reason | -"],
    [
      "\u001b[31msomething\nnew\u001b[0m happened at https://me:word@ca.test/x?token=secret",
      "no certificate | something new happened at https://ca.test/x | -",
    ],
    [ofHost("x".repeat(400)), `no certificate | ${"x".repeat(299)}… | -`],
    [
      obtaining("a;reboot", `${boulder} :: ${urn}badNonce :: again`),
      "CA away | the CA has an internal error: again | wait; mypaas tries again by itself",
    ],
    [
      obtaining(
        "a;reboot",
        `acme: error: 403 :: ${urn}caa :: CAA record for a.test prevents issuance`,
      ),
      'CAA | the CAA record of a.test forbids this CA | add a record for this CA at your DNS provider, such as: a.test CAA 0 issue "letsencrypt.org", then run: mypaas cert retry HOST',
    ],
  ]);
});

test("a long error is parsed fast", () => {
  for (const piece of ["[", "NS ", "dial tcp [", "acme: error: ", "a: ", "x509: ", "TXT record "]) {
    const began = process.cpuUsage();
    acmeReason(ofHost(piece.repeat(100_000)));
    acmeReason(ofHost(`${urn}unauthorized :: ${piece.repeat(100_000)}`));
    assert.ok(process.cpuUsage(began).user < 1_000_000, piece);
  }
});
