import assert from "node:assert/strict";
import { test } from "node:test";
import { parseDockerfile } from "../../../src/core/dockerfile/parse.ts";
import { describeSpec } from "../../../src/core/dockerfile/keys/table.ts";
import { changesBetween } from "../../../src/core/release/changes.ts";
import { writeRoute } from "../../../src/core/release/spec.ts";
import { release } from "../../support/releases.ts";

const parse = (...keys: readonly string[]) =>
  parseDockerfile(
    Buffer.from(
      ["servicename = web", ...keys].map((key) => `# mypaas.${key}\n`).join("") + "FROM a\n",
    ),
    "Dockerfile",
  );

const messages = (list: ReturnType<typeof parse>["problems"]): readonly string[] =>
  list.map(({ line, message }) => `${line} ${message}`);

const wrong: readonly (readonly [comment: string, message: string])[] = [
  [
    "auth = ann:secret",
    'should be a user name of letters, digits and . _ @ -, without a password, got "ann"',
  ],
  [
    "auth = -x",
    'should be a user name of letters, digits and . _ @ -, without a password, got "-x"',
  ],
  ["header = X-A", 'should be a header such as X-Frame-Options: DENY, got "X-A"'],
  ["header = X.A: 1", 'the name should have letters, digits, _ and - only, got "X.A"'],
  ["header = X A: 1", 'the name should have letters, digits, _ and - only, got "X A"'],
  ["header = : 1", 'the name should have letters, digits, _ and - only, got ""'],
  ["header = X-A: bücher", 'the value of X-A should be printable ASCII, got "bücher"'],
  ["header = X-A: a\tb", 'the value of X-A should be printable ASCII, got "a\tb"'],
  ["header = X-A: a\u0085Set-Cookie: b", "contains the invisible character U+0085"],
  [
    "header = Strict-Transport-Security: max-age=1",
    "Strict-Transport-Security cannot be set, because mypaas sets it where the host has a certificate",
  ],
  [
    "header = x-mypaas-release: web/9",
    "x-mypaas-release cannot be set, because mypaas uses it itself",
  ],
  [
    "header = Set-Cookie: a=b",
    "Set-Cookie cannot be set, because it would replace the cookies of the service",
  ],
  ["header = content-length: 1", "content-length cannot be set, because it describes the body"],
  ["header = Connection: close", "Connection cannot be set, because it belongs to the connection"],
  [
    "header = Proxy-Authenticate: Basic",
    "Proxy-Authenticate cannot be set, because it belongs to the connection",
  ],
  ["allow-ip = 10.0.0.0/33", 'should end with /0 to /32, got "10.0.0.0/33"'],
  ["allow-ip = 10.0.0.0/", 'should end with /0 to /32, got "10.0.0.0/"'],
  ["allow-ip = 10.0.0.0/08", 'should end with /0 to /32, got "10.0.0.0/08"'],
  ["allow-ip = 10.0.0.1/8", "10.0.0.1/8 is not the first address of its range"],
  ["allow-ip = 2001:db8::1/32", "2001:db8::1/32 is not the first address of its range"],
  ["allow-ip = ::/129", 'should end with /0 to /128, got "::/129"'],
  ["allow-ip = 10.0.0.0/8, ::1", 'should end with /0 to /32, got "10.0.0.0/8, ::1"'],
  [
    "allow-ip = example.com",
    'should be an address or a range such as 10.0.0.0/8, got "example.com"',
  ],
  [
    "allow-ip = fe80::1%eth0",
    'should be an address or a range such as 10.0.0.0/8, got "fe80::1%eth0"',
  ],
  ["rate-limit = 20", 'should be a rate such as 20/s, 100/m or 20/s burst 50, got "20"'],
  ["rate-limit = 20/d", 'should be a rate such as 20/s, 100/m or 20/s burst 50, got "20/d"'],
  ["rate-limit = 0/s", 'should be a rate with numbers from 1 to 100000, got "0/s"'],
  ["rate-limit = 1/s burst 0", 'should be a rate with numbers from 1 to 100000, got "1/s burst 0"'],
  ["max-requests = 0", 'should be a whole number from 1 to 100000, got "0"'],
  ["max-requests = 1.5", 'should be a whole number from 1 to 100000, got "1.5"'],
  ["max-body = 5", 'should be a size such as 256m or 1g, got "5"'],
  ["max-body = 0k", 'should be from 1k to 64t, got "0k"'],
  ["compress = gzip", 'should be true or false, got "gzip"'],
  [
    "redirect = old.example",
    'should be two hosts such as old.example.com -> www.example.com, or www, got "old.example"',
  ],
  [
    "redirect = a -> b -> c",
    'should be two hosts such as old.example.com -> www.example.com, or www, got "a -> b -> c"',
  ],
  ["redirect = old.example/x -> a.example", 'the left side should be a host, got "old.example/x"'],
  ["redirect = auto -> a.example", 'the left side should be a host, got "auto"'],
  ["redirect = old.example -> *.a.example", 'the right side should be one host, got "*.a.example"'],
  [
    "redirect = old.example -> a.example:8080",
    'should be a host without a port, got "a.example:8080"',
  ],
  [
    "redirect = old.example -> a.example/${1}",
    'should be a plain path such as /docs after the host, got "/${1}"',
  ],
  ["redirect = a.example -> b.example", "a.example is a domain of the service, on line 2"],
  ["redirect = b.example -> b.example/x", "b.example leads to itself"],
];

for (const [comment, message] of wrong)
  test(`mypaas.${comment.slice(0, 60)} is refused`, () => {
    const { problems, spec } = parse("domain = a.example", comment);
    const [key] = comment.split(" ");
    assert.deepEqual(messages(problems), [`3 mypaas.${key}: ${message}`]);
    assert.equal(spec, undefined);
  });

const between: readonly (readonly [keys: readonly string[], problems: readonly string[]])[] = [
  [
    [
      "domain = a.example",
      "redirect = b.example -> c.example",
      "redirect = c.example -> b.example",
    ],
    [
      "3 mypaas.redirect: b.example leads to c.example, which is redirected on line 4",
      "4 mypaas.redirect: c.example leads to b.example, which is redirected on line 3",
    ],
  ],
  [
    [
      "domain = a.example",
      "redirect = b.example -> a.example",
      "redirect = B.example -> a.example/x",
    ],
    ["4 mypaas.redirect: b.example is already on line 3"],
  ],
  [
    ["domain = a.example", "domain = www.a.example", "redirect = www"],
    ["4 mypaas.redirect: www.a.example is a domain of the service, on line 3"],
  ],
  [
    ["domain = a.example", "redirect = www", "redirect = WWW"],
    ["4 mypaas.redirect: www is already on line 3"],
  ],
  [["redirect = a.example -> b.example"], ["2 mypaas.redirect: needs a mypaas.domain"]],
  [
    ["domain = a.example", "https = true", "redirect = 203.0.113.7 -> a.example"],
    ["4 mypaas.redirect: https is not possible for the IP address 203.0.113.7"],
  ],
  [["domain = a.example", "auth = ann", "auth = ann"], ["4 mypaas.auth: ann is already on line 3"]],
  [
    ["domain = a.example", "header = vary: X-A", "compress = yes"],
    ["3 mypaas.header: Vary cannot be set beside mypaas.compress, which sets it"],
  ],
  [
    ["domain = a.example", "header = X-A: 1", "header = x-a:"],
    ["4 mypaas.header: x-a is already on line 3"],
  ],
  [
    ["domain = a.example", "allow-ip = ::1", "allow-ip = 0:0::1"],
    ["4 mypaas.allow-ip: ::1 is already on line 3"],
  ],
];

for (const [keys, expected] of between)
  test(`${keys.join("; ")} is refused`, () => {
    assert.deepEqual(messages(parse(...keys).problems), expected);
  });

const warned: readonly (readonly [keys: readonly string[], warnings: readonly string[]])[] = [
  [
    ["domain = a.example", "auth = ann"],
    ["3 mypaas.auth: passwords are sent unencrypted without https"],
  ],
  [["domain = a.example", "https = true", "auth = ann"], []],
  [["auth = ann"], ["2 mypaas.auth: has no effect without mypaas.domain"]],
  [["compress = true"], ["2 mypaas.compress: has no effect without mypaas.domain"]],
  [["url = https://a.example", "rate-limit = 1/s"], []],
  [
    ["domain = www.a.example", "redirect = www"],
    ["3 mypaas.redirect: www has no effect: no domain is without www"],
  ],
];

for (const [keys, expected] of warned)
  test(`${keys.join("; ")} is taken, with warnings where they help`, () => {
    const { warnings, problems } = parse(...keys);
    assert.deepEqual([messages(warnings), problems], [expected, []]);
  });

const redirects: readonly (readonly [keys: readonly string[], routes: readonly string[]])[] = [
  [
    ["domain = a.example", "https = true", "redirect = www", "redirect = old.example->a.example/x"],
    [
      "https://a.example",
      "https://www.a.example -> https://a.example",
      "https://old.example -> https://a.example/x",
    ],
  ],
  [
    ["url = http://a.example", "url = https://b.example/x", "redirect = www"],
    [
      "http://a.example",
      "https://b.example/x",
      "http://www.a.example -> http://a.example",
      "https://www.b.example -> https://b.example",
    ],
  ],
  [
    ["domain = a.example", "redirect = *.old.example → https://elsewhere.example/x/"],
    ["http://a.example", "http://*.old.example -> https://elsewhere.example/x"],
  ],
  [
    ["domain = auto", "domain = *.a.example", "redirect = bücher.example -> auto"],
    ["http://auto", "http://*.a.example", "http://xn--bcher-kva.example -> http://auto"],
  ],
  [
    ["domain = a.example/one", "domain = a.example/two", "redirect = www"],
    ["http://a.example/one", "http://a.example/two", "http://www.a.example -> http://a.example"],
  ],
];

for (const [keys, expected] of redirects)
  test(`${keys.join("; ")} makes routes that redirect`, () => {
    const { spec, problems } = parse(...keys);
    assert.deepEqual([spec?.routes.map(writeRoute), problems], [expected, []]);
  });

test("check shows every key that decides about requests", () => {
  const { spec } = parse(
    "domain = a.example",
    "https = true",
    "redirect = www",
    "auth = ann",
    "header = X-A: 1",
    "header = Server:",
    "allow-ip = ::1",
    "rate-limit = 20/s burst 50",
    "max-requests = 9",
    "compress = true",
  );
  assert.ok(spec);
  const shown = describeSpec(spec).map((line) => line.trim().replaceAll(/ +/g, " "));
  for (const line of [
    "https://www.a.example -> https://a.example",
    "auth ann",
    "header X-A: 1",
    "Server:",
    "allow-ip ::1",
    "rate-limit 20/s burst 50",
    "max-requests 9",
    "compress true",
  ])
    assert.ok(shown.includes(line), `${line} in\n${shown.join("\n")}`);
});

test("plan shows each of these keys that comes, changes or goes", () => {
  const routes = ["https://a.test"];
  const from = release("web", 1, { routes, spec: { auth: ["ann"], compress: true } });
  const to = release("web", 2, {
    routes: [...routes, "https://www.a.test>https://a.test"],
    spec: {
      auth: ["ann", "bob"],
      headers: [{ name: "X-A", value: "1, 2" }],
      allowIp: ["10.0.0.0/8", "::1"],
      rateLimit: { requests: 20, per: "m", burst: 20 },
      maxRequests: 7,
    },
  });
  assert.deepEqual(
    changesBetween(from, to).filter(({ kind }) => kind !== "image"),
    [
      { kind: "route", how: "added", route: "https://www.a.test -> https://a.test" },
      { kind: "certificate", host: "www.a.test" },
      { kind: "setting", key: "auth", from: "ann", to: "ann, bob" },
      { kind: "setting", key: "header", to: "X-A: 1, 2" },
      { kind: "setting", key: "allow-ip", to: "10.0.0.0/8, ::1" },
      { kind: "setting", key: "rate-limit", to: "20/m" },
      { kind: "setting", key: "max-requests", to: "7" },
      { kind: "setting", key: "compress", from: "true" },
    ],
  );
});
