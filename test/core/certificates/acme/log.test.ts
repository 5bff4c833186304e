import assert from "node:assert/strict";
import { test } from "node:test";
import { type AcmeFailure, readAcmeFailures } from "../../../../src/core/certificates/acme/log.ts";

const unable = "Unable to obtain ACME certificate for domains";
const fields = "providerName=acme.acme routerName=web-r1@docker rule=Host(`a.test`)";

const reads = (log: string, expected: readonly AcmeFailure[]) =>
  assert.deepEqual(readAcmeFailures(log), expected);

test("failures are read in every form of zerolog", () => {
  const a = [{ hosts: ["a.test"], error: "it failed" }];
  const cases: readonly (readonly [string, string, readonly AcmeFailure[]])[] = [
    [
      "plain",
      `2026-11-21T17:02:03Z ERR ${unable} error="it failed" ACME CA=https://10.5.0.3:14000/dir acmeCA=https://10.5.0.3:14000/dir domains=["a.test"] ${fields}`,
      a,
    ],
    [
      "coloured",
      `\u001b[90m2026-11-21T17:02:03Z\u001b[0m \u001b[31mERR\u001b[0m \u001b[1m${unable}\u001b[0m \u001b[36merror=\u001b[0m\u001b[31m\u001b[1m"it failed"\u001b[0m\u001b[0m \u001b[36mdomains=\u001b[0m["a.test"] \u001b[36mrouterName=\u001b[0mx`,
      a,
    ],
    [
      "with Docker's timestamp, in the order of older versions",
      `2026-11-21T17:02:03.123456789Z 2026-11-21T17:02:03Z ERR ${unable} domains=["a.test"] error="it failed"`,
      a,
    ],
    [
      "with the place in the source, as at level DEBUG",
      `2026-11-21T17:02:03Z ERR github.com/traefik/traefik/v3/pkg/provider/acme/provider.go:574 > ${unable} error="it failed" domains=["a.test"]`,
      a,
    ],
    [
      "domains without brackets, the error without quotes",
      `2026-11-21T17:02:03Z ERR ${unable} domains=A.test,*.b.test error=EOF`,
      [{ hosts: ["a.test", "*.b.test"], error: "EOF" }],
    ],
    [
      "quotes within quotes",
      String.raw`2026-11-21T17:02:03Z ERR ${unable} error="Get \"http://a.test\": \\ domains=[\"evil.test\"]\n\tend \u00e9\x7f\xff" domains=["a.test"]`,
      [
        {
          hosts: ["a.test"],
          error: 'Get "http://a.test": \\ domains=["evil.test"]\n\tend é\u007f\ufffd',
        },
      ],
    ],
    [
      "several names",
      `2026-11-21T17:02:03Z ERR ${unable} error="it failed" domains=["b.test","*.b.test"]`,
      [{ hosts: ["b.test", "*.b.test"], error: "it failed" }],
    ],
    [
      "only the error names the domains",
      `2026-11-21T17:02:03Z ERR Unable to obtain ACME certificate for domain error="unable to generate a certificate for the domains [a.test b.test]: no" ${fields}`,
      [
        {
          hosts: ["a.test", "b.test"],
          error: "unable to generate a certificate for the domains [a.test b.test]: no",
        },
      ],
    ],
    [
      "a renewal",
      `2026-11-21T17:02:03Z ERR Error renewing ACME certificate: {a.test [b.test]} error="it failed" providerName=acme.acme`,
      [{ hosts: ["a.test", "b.test"], error: "it failed" }],
    ],
    [
      "a renewal without an account",
      `2026-11-21T17:02:03Z INF Error renewing ACME certificate: {Main:a.test SANs:[]} error="it failed" providerName=acme.acme`,
      a,
    ],
    [
      "cut off within the error",
      `2026-11-21T17:02:03Z ERR ${unable} error="unable to generate a certificate for the domains [a.test]: ac`,
      [
        {
          hosts: ["a.test"],
          error: "unable to generate a certificate for the domains [a.test]: ac",
        },
      ],
    ],
  ];
  for (const [title, line, expected] of cases)
    assert.deepEqual(readAcmeFailures(line), expected, title);
});

test("other lines are skipped, also those that quote such a line", () => {
  reads("", []);
  reads(`2026-11-21T17:02:03Z ERR ${unable}`, []);
  reads(`2026-11-21T17:02:03Z ERR ${unable} domains=["a.test"]`, []);
  reads(`2026-11-21T17:02:03Z ERR ${unable} error="it failed" domains=[]`, []);
  reads(`2026-11-21T17:02:03Z INF Renewing ACME certificate: {Main:a.test SANs:[]} error="x"`, []);
  reads(`2026-11-21T17:02:03Z ERR a.test said error="x ERR ${unable} error=y domains=a.test"`, []);
  reads(`203.0.113.9 - "GET /ERR ${unable} error=y domains=a.test" 404`, []);
});

test("the order of many lines stays, and long lines are fast", () => {
  const line = (host: string) => `2026-11-21T17:02:03Z ERR ${unable} error=x domains=["${host}"]`;
  reads(`${line("a.test")}\r\nsomething\n${line("b.test")}\n`, [
    { hosts: ["a.test"], error: "x" },
    { hosts: ["b.test"], error: "x" },
  ]);
  for (const piece of ["ERR ", "a ", "a=", '"', "\\", "[", 'x="\\']) {
    const began = process.cpuUsage();
    readAcmeFailures(piece.repeat(50_000));
    readAcmeFailures(`2026-11-21T17:02:03Z ERR ${unable} ${piece.repeat(50_000)}`);
    assert.ok(process.cpuUsage(began).user < 1_000_000, piece);
  }
});
