import assert from "node:assert/strict";
import { test } from "node:test";
import { parseDockerfile } from "../../../src/core/dockerfile/parse.ts";
import { keysText } from "../../../src/core/dockerfile/key-help.ts";
import { keysMarkdown } from "../../support/keys-markdown.ts";
import { findKey, keyNames, keys } from "../../../src/core/dockerfile/keys/table.ts";
import type { ServiceSpec } from "../../../src/core/release/spec.ts";

const parse = (lines: string) =>
  parseDockerfile(Buffer.from(`# mypaas.service = web\n${lines}\nFROM a AS build\n`), "Dockerfile");

const fine: readonly (readonly [comment: string, part: Partial<ServiceSpec>])[] = [
  ["domain = WWW.Example.com", { routes: [{ host: "www.example.com", path: "", https: false }] }],
  [
    "domain = bücher.example/",
    { routes: [{ host: "xn--bcher-kva.example", path: "", https: false }] },
  ],
  [
    "domain = *.example.com/a/b",
    { routes: [{ host: "*.example.com", path: "/a/b", https: false }] },
  ],
  ["domain = auto", { routes: [{ host: "auto", path: "", https: false }] }],
  ["domain = localhost", { routes: [{ host: "localhost", path: "", https: false }] }],
  ["domain = 203.0.113.7", { routes: [{ host: "203.0.113.7", path: "", https: false }] }],
  ["url = HTTPS://a.example/x", { routes: [{ host: "a.example", path: "/x", https: true }] }],
  ["port = 65535", { port: 65535 }],
  ["port = None", { port: "none" }],
  ["strip-prefix = yes", { stripPrefix: true }],
  ["sticky = yes", { sticky: { kind: "on" } }],
  ["sticky = False", { sticky: { kind: "off" } }],
  ["sticky = JSESSION_ID-2", { sticky: { kind: "named", cookie: "JSESSION_ID-2" } }],
  ["protocol = H2C", { protocol: "h2c" }],
  ["protocol = http", { protocol: "http" }],
  ["timeout = 30s", { answerTimeoutMs: 30_000 }],
  ["timeout = 1h", { answerTimeoutMs: 3_600_000 }],
  ["scale = 0", { scale: { kind: "replace" } }],
  ["scale = 2", { scale: { kind: "roll", replicas: 2 } }],
  ["scale = 2  ROLL", { scale: { kind: "roll", replicas: 2 } }],
  ["scale = 1 safe", { scale: { kind: "safe", replicas: 1 } }],
  [
    "volume = /srv/x/:/data/:ro",
    { volumes: [{ kind: "absolute", source: "/srv/x", target: "/data", readOnly: true }] },
  ],
  [
    "volume = ~/a b:/c",
    { volumes: [{ kind: "home", source: "a b", target: "/c", readOnly: false }] },
  ],
  ["env = A=", { env: [{ name: "A", value: "" }] }],
  ["env = A = 'x y'", { env: [{ name: "A", value: "x y" }] }],
  ['env = "A=b=c"', { env: [{ name: "A", value: "b=c" }] }],
  [
    "publish = 0.0.0.0:53:5353/udp",
    { publish: [{ ip: "0.0.0.0", hostPort: 53, containerPort: 5353, protocol: "udp" }] },
  ],
  ["healthcheck = /", { healthcheck: { path: "/", intervalMs: 10_000, timeoutMs: 5000 } }],
  [
    "healthcheck = /a?b=1 2s",
    { healthcheck: { path: "/a?b=1", intervalMs: 2000, timeoutMs: 2000 } },
  ],
  ["start-timeout = 1.5s", { startTimeoutMs: 1500 }],
  ["drain-timeout = 0s", { drainTimeoutMs: 0 }],
  ["maxcpu = 2", { maxCpu: 2 }],
  ["maxmem = 1.5G", { maxMemoryBytes: 1.5 * 2 ** 30 }],
  ["init = false", { init: false }],
  ["init = on", { init: true }],
  ["shm = 256m", { shmBytes: 2 ** 28 }],
  ["SHM-Size = 1.5GB", { shmBytes: 1.5 * 2 ** 30 }],
  ["ulimit = nofile=65536", { ulimits: [{ name: "nofile", soft: 65_536, hard: 65_536 }] }],
  ["ulimit = NOFILE = 1024 : 65536", { ulimits: [{ name: "nofile", soft: 1024, hard: 65_536 }] }],
  ["ulimit = memlock=-1:unlimited", { ulimits: [{ name: "memlock", soft: -1, hard: -1 }] }],
  ["ulimit = core=0", { ulimits: [{ name: "core", soft: 0, hard: 0 }] }],
  ["target = 0", { target: "0" }],
  ["secret = NPM_TOKEN", { secrets: [{ name: "NPM_TOKEN", target: "/run/secrets/NPM_TOKEN" }] }],
  [
    "secret = npm-token.x : /etc/app/token",
    { secrets: [{ name: "npm-token.x", target: "/etc/app/token" }] },
  ],
  [
    "secret = A\n# mypaas.secret = A:/b",
    {
      secrets: [
        { name: "A", target: "/run/secrets/A" },
        { name: "A", target: "/b" },
      ],
    },
  ],
  ["auth = ann\n# mypaas.auth = bob@example.com", { auth: ["ann", "bob@example.com"] }],
  ["header = X-Frame-Options:DENY", { headers: [{ name: "X-Frame-Options", value: "DENY" }] }],
  ["header = Server:", { headers: [{ name: "Server", value: "" }] }],
  [
    "header = Content-Security-Policy: default-src 'self', \"x\"; a `b` $1 {{c}}",
    {
      headers: [
        { name: "Content-Security-Policy", value: "default-src 'self', \"x\"; a `b` $1 {{c}}" },
      ],
    },
  ],
  ["allow-ip = 10.0.0.0/8\n# mypaas.allow-ip = ::1", { allowIp: ["10.0.0.0/8", "::1"] }],
  ["allow-ip = 2001:DB8:0:0::/32", { allowIp: ["2001:db8::/32"] }],
  ["allow-ip = 203.0.113.7", { allowIp: ["203.0.113.7"] }],
  ["allow-ip = 0.0.0.0/0", { allowIp: ["0.0.0.0/0"] }],
  ["rate-limit = 20/s", { rateLimit: { requests: 20, per: "s", burst: 20 } }],
  ["rate-limit = 100 / m  burst 7", { rateLimit: { requests: 100, per: "m", burst: 7 } }],
  ["max-requests = 100", { maxRequests: 100 }],
  ["max-body = 50m", { maxBodyBytes: 52_428_800 }],
  ["max-body = 1.5KiB", { maxBodyBytes: 1536 }],
  ["compress = true", { compress: true }],
  ["build-arg = A=1", { buildArgs: [{ name: "A", value: "1" }] }],
];

for (const [comment, part] of fine) {
  test(`mypaas.${comment} is understood`, () => {
    const { spec, problems } = parse(`# mypaas.${comment}`);
    assert.deepEqual(problems, []);
    assert.ok(spec);
    assert.deepEqual({ ...spec, ...part }, spec);
  });
}

const host = (text: string) =>
  `mypaas.domain: should be a host such as www.example.com, got "${text}"`;
const between = (text: string) => `should be a whole number from 1 to 65535, got "${text}"`;
const portOrNone = (text: string) =>
  `should be a whole number from 1 to 65535, or none, got "${text}"`;
const ulimitNames =
  "the names are core, cpu, data, fsize, locks, memlock, msgqueue, nofile, nproc, rss, rttime, sigpending, stack";
const ulimitForm = "should be name=soft or name=soft:hard, such as nofile=65536";
const home = (text: string) =>
  `mypaas.volume: should be a folder below ~/ without .. or dot folders, got "${text}"`;
const wrong: readonly (readonly [comment: string, message: string, hint?: string])[] = [
  [
    "sticky = my cookie",
    `mypaas.sticky: should be true, false, or a cookie's name of letters, digits, - and _, got "my cookie"`,
  ],
  [
    "sticky = __host-a",
    "mypaas.sticky: should not begin with __host-, which browsers refuse over http",
  ],
  [
    "protocol = gRPC",
    `mypaas.protocol: should be http or h2c, got "gRPC"`,
    "write h2c: HTTP/2 without TLS, which gRPC servers in containers speak",
  ],
  ["protocol = https", `mypaas.protocol: should be http or h2c, got "https"`],
  ["port = 0", `mypaas.port: ${portOrNone("0")}`],
  [
    "port = 80 # web",
    `mypaas.port: ${portOrNone("80 # web")}`,
    "move the comment to a line of its own",
  ],
  ["port", "mypaas.port: has no value", "write: # mypaas.port = value"],
  ["port =", "mypaas.port: has no value", "write: # mypaas.port = value"],
  ["port = ''", "mypaas.port: has no value", "write: # mypaas.port = value"],
  ["port: 80", "mypaas.port: has no value", "write: # mypaas.port = value"],
  [`port = "80`, `mypaas.port: has a quote " that is never closed`],
  ["env = A=b\u0007", "mypaas.env: contains the invisible character U+0007"],
  ["env = A=b\u202e", "mypaas.env: contains the invisible character U+202E"],
  [`env = A=${"x".repeat(4095)}`, "mypaas.env: is longer than 4096 characters (4097)"],
  ["https = maybe", `mypaas.https: should be true or false, got "maybe"`],
  [
    "domain = https://a.example",
    `mypaas.domain: should be a host such as www.example.com, got "https://a.example"`,
    "use mypaas.url for a whole URL",
  ],
  [
    "domain = a.example:8080",
    `mypaas.domain: should be a host without a port, got "a.example:8080"`,
    "write it without the port: a.example",
  ],
  ["domain = a`b.example", host("a`b.example")],
  [`domain = a".example`, host(`a".example`)],
  ["domain = a.example) || Host(b", host("a.example) || Host(b")],
  ["domain = a b", host("a b")],
  ["domain = a..b", host("a..b")],
  ["domain = a.example.", host("a.example.")],
  ["domain = -a.example", host("-a.example")],
  ["domain = a_b.example", host("a_b.example")],
  ["domain = *", host("*")],
  ["domain = a.*.example", host("a.*.example")],
  ["domain = 1.2.3", host("1.2.3")],
  ["domain = 1.2.3.400", host("1.2.3.400")],
  ["domain = xn--\u00e9.example", host("xn--\u00e9.example")],
  [`domain = ${"a".repeat(64)}.example`, host(`${"a".repeat(60)}…`)],
  [
    "domain = a.example/x`y",
    `mypaas.domain: should be a plain path such as /docs after the host, got "/x\`y"`,
  ],
  [
    "domain = a.example/../x",
    `mypaas.domain: should be a plain path such as /docs after the host, got "/../x"`,
  ],
  [
    "domain = a.example//x",
    `mypaas.domain: should be a plain path such as /docs after the host, got "//x"`,
  ],
  [
    "url = a.example",
    `mypaas.url: should be a URL such as https://www.example.com, got "a.example"`,
  ],
  [
    "url = https://u:p@a.example",
    `mypaas.url: should be a host such as www.example.com, got "u:p@a.example"`,
  ],
  [
    "scale = 101",
    `mypaas.scale: should be 0, N, "N roll" or "N safe" with N from 1 to 100, got "101"`,
  ],
  [
    "scale = 0 safe",
    `mypaas.scale: should be 0, N, "N roll" or "N safe" with N from 1 to 100, got "0 safe"`,
  ],
  [
    "volume = /data",
    `mypaas.volume: should be ~/dir:/path or name:/path, with :ro for read-only, got "/data"`,
  ],
  [
    "volume = a:/b:rx",
    `mypaas.volume: should be ~/dir:/path or name:/path, with :ro for read-only, got "a:/b:rx"`,
  ],
  [
    "volume = a:data",
    `mypaas.volume: should be an absolute path in the container after the colon, got "a:data"`,
  ],
  [
    "volume = a:/",
    `mypaas.volume: should be an absolute path in the container after the colon, got "a:/"`,
  ],
  [
    "volume = a:/x/../y",
    `mypaas.volume: should be an absolute path in the container after the colon, got "a:/x/../y"`,
  ],
  ["volume = a:/proc/x", "mypaas.volume: cannot replace /proc/x in the container"],
  ["volume = ~/:/x", home("~/:/x")],
  ["volume = ~:/x", home("~:/x")],
  ["volume = ~root/a:/x", home("~root/a:/x")],
  ["volume = ~/.ssh:/x", home("~/.ssh:/x")],
  ["volume = ~/a/../../b:/x", home("~/a/../../b:/x")],
  [
    "volume = ./a:/x",
    `mypaas.volume: should be ~/dir, a name, or an absolute path before the colon, got "./a:/x"`,
  ],
  [
    "volume = /a/../b:/x",
    `mypaas.volume: should be ~/dir, a name, or an absolute path before the colon, got "/a/../b:/x"`,
  ],
  [
    "env = 1A=hunter2",
    `mypaas.env: should be NAME=value or NAME, the name of letters, digits and _, got "1A"`,
  ],
  ["env = hunter-2", "mypaas.env: should be NAME=value or NAME, the name of letters, digits and _"],
  [
    "env = PORT=1",
    "mypaas.env: PORT is set by mypaas",
    "set mypaas.port to the port that the service listens on",
  ],
  ["env = MYPAAS_SCALE=1", "mypaas.env: MYPAAS_SCALE is set by mypaas", "choose another name"],
  [
    "secret = A=topsecret",
    "mypaas.secret: should be NAME or NAME:/path, without a value",
    "set the value on the server: mypaas env SERVICE set NAME=… --secret",
  ],
  [
    "secret = a b",
    'mypaas.secret: should be NAME or NAME:/path, the name of letters, digits, _ - and ., got "a b"',
  ],
  [
    "secret = ..",
    'mypaas.secret: should be NAME or NAME:/path, the name of letters, digits, _ - and ., got ".."',
  ],
  ["secret = A:b", 'mypaas.secret: should be an absolute path of a file after the colon, got "b"'],
  [
    "secret = A:/b/../c",
    'mypaas.secret: should be an absolute path of a file after the colon, got "/b/../c"',
  ],
  ["secret = A:/proc/x", "mypaas.secret: cannot replace /proc/x in the container"],
  ["build-arg = A", "mypaas.build-arg: should be NAME=value, the name of letters, digits and _"],
  [
    "publish = 80",
    `mypaas.publish: should be [ip:]host-port:container-port[/udp] such as 5432:5432, got "80"`,
  ],
  ["publish = 999.0.0.1:1:1", `mypaas.publish: should begin with an IP address, got "999.0.0.1"`],
  ["publish = [:::]:1:1", `mypaas.publish: should begin with an IP address, got "[:::]"`],
  ["publish = 0:80", `mypaas.publish: ${between("0")}`],
  ["publish = 80:70000", `mypaas.publish: ${between("70000")}`],
  ["healthcheck = health", `mypaas.healthcheck: should be a path such as /health, got "health"`],
  [
    "healthcheck = /a 1s 1s 1s",
    `mypaas.healthcheck: should be /path, an interval and a timeout at most, got "/a 1s 1s 1s"`,
  ],
  [
    "healthcheck = /a 10",
    `mypaas.healthcheck: interval should be a duration such as 500ms, 10s, 2m or 1h, got "10"`,
    "write a unit, such as 10s",
  ],
  ["healthcheck = /a 10s 9h", `mypaas.healthcheck: timeout should be from 100ms to 1m, got "9h"`],
  ["healthcheck = /a 1s 2s", "mypaas.healthcheck: timeout 2s is longer than the interval 1s"],
  ["start-timeout = 0s", `mypaas.start-timeout: should be from 1s to 1h, got "0s"`],
  [
    "stop-timeout = soon",
    `mypaas.stop-timeout: should be a duration such as 500ms, 10s, 2m or 1h, got "soon"`,
  ],
  [
    "maxcpu = 0",
    `mypaas.maxcpu: should be a number of processors from 0.01 to 1024, such as 0.5, got "0"`,
  ],
  [
    "maxmem = 256",
    `mypaas.maxmem: should be a size such as 256m or 1g, got "256"`,
    "write a unit, such as 256m",
  ],
  ["maxmem = 1k", `mypaas.maxmem: should be from 6m to 64t, got "1k"`],
  ["init = maybe", `mypaas.init: should be true or false, got "maybe"`],
  [
    "shm = 256",
    `mypaas.shm: should be a size such as 256m or 1g, got "256"`,
    "write a unit, such as 256m",
  ],
  ["shm = 0m", `mypaas.shm: should be from 1m to 64t, got "0m"`],
  ["shm = -1g", `mypaas.shm: should be a size such as 256m or 1g, got "-1g"`],
  ["ulimit = nofile", `mypaas.ulimit: ${ulimitForm}, got "nofile"`],
  ["ulimit = nofile=", `mypaas.ulimit: ${ulimitForm}, got "nofile="`],
  ["ulimit = nofile=1:2:3", `mypaas.ulimit: ${ulimitForm}, got "nofile=1:2:3"`],
  [
    "ulimit = nofile=64k",
    `mypaas.ulimit: ${ulimitForm}, with whole numbers or unlimited, got "nofile=64k"`,
  ],
  [
    `ulimit = nofile=${"9".repeat(16)}`,
    `mypaas.ulimit: ${ulimitForm}, with whole numbers or unlimited, got "nofile=${"9".repeat(16)}"`,
  ],
  ["ulimit = nofile=2:1", "mypaas.ulimit: the soft limit 2 is above the hard limit 1"],
  ["ulimit = nofile=-1:1", "mypaas.ulimit: the soft limit -1 is above the hard limit 1"],
  ["ulimit = nofiles=1", `mypaas.ulimit: no limit is called "nofiles"`, "did you mean nofile?"],
  ["ulimit = as=1", `mypaas.ulimit: no limit is called "as"`, ulimitNames],
  [
    "ulimit = rtprio=99",
    "mypaas.ulimit: rtprio is not possible: it would let a service slow down the whole server",
  ],
  ["target = -x", `mypaas.target: should be the name of a build stage, got "-x"`],
  ["target = buidl", `mypaas.target: no stage is named "buidl"`, "did you mean build?"],
];

for (const [comment, message, hint] of wrong) {
  test(`mypaas.${comment.slice(0, 60)} is refused`, () => {
    const { spec, problems } = parse(`  # mypaas.${comment}`);
    const more = hint === undefined ? {} : { hint };
    assert.deepEqual(problems, [{ file: "Dockerfile", line: 2, column: 3, message, ...more }]);
    assert.equal(spec, undefined);
  });
}

const length =
  "should be 2 to 50 of a-z, 0-9, dot and hyphen, beginning and ending with a letter or digit";
const names: readonly (readonly [name: string, message: string | undefined])[] = [
  ["web", undefined],
  ["api.eu-2", undefined],
  ["web-r3d", undefined],
  ["r2", undefined],
  ["Web", `should be in lower case, got "Web"`],
  ["a", `${length}, got "a"`],
  ["a".repeat(51), `${length}, got "${"a".repeat(51)}"`],
  ["web-", `${length}, got "web-"`],
  ["we`b", `${length}, got "we\`b"`],
  ["we_b", `${length}, got "we_b"`],
  ["1.2", `should be a name with at least one letter, got "1.2"`],
  ["web-r3", `"web-r3" ends like the name of a release`],
  ["web.r3-12", `"web.r3-12" ends like the name of a release`],
  ["traefik", `"traefik" is reserved for mypaas`],
  ["mypaas.x", `"mypaas.x" is reserved for mypaas`],
];

for (const [name, message] of names) {
  test(`the service name ${name} is ${message === undefined ? "taken" : "refused"}`, () => {
    const file = Buffer.from(`FROM a\n# mypaas.servicename = ${name}`);
    const { problems } = parseDockerfile(file, "Dockerfile");
    const expected = message === undefined ? [] : [`mypaas.servicename: ${message}`];
    assert.deepEqual(
      problems.map((problem) => problem.message),
      expected,
    );
  });
}

test("every key is found by its names in any case and has a row in the README and in the help", () => {
  for (const name of keyNames) {
    assert.ok(findKey(name.toUpperCase()));
    assert.ok(keysMarkdown().includes(`\`${name}\``), name);
    assert.ok(keysText(80).includes(name), name);
  }
  assert.equal(keysMarkdown().trimEnd().split("\n").length, keys.length + 2);
  assert.equal(findKey("constructor"), undefined);
});

test("the help fits into 80 columns", () => {
  for (const line of keysText(80).split("\n")) assert.ok(line.length <= 80, line);
});

test("two secrets, or a secret and a volume, cannot have the same path", () => {
  for (const [before, said] of [
    ["secret = B:/run/secrets/A", "mypaas.secret: /run/secrets/A is already on line 2"],
    ["volume = d:/run/secrets/A", "mypaas.secret: /run/secrets/A is already a volume, on line 2"],
  ]) {
    const { problems } = parse(`# mypaas.${before}\n# mypaas.secret = A`);
    assert.deepEqual(
      problems.map(({ line, message }) => [line, message]),
      [[3, said]],
    );
  }
});

test("a limit of the kernel that stands twice is refused", () => {
  const { problems } = parse("# mypaas.ulimit = nofile=1\n# mypaas.ulimit = NOFILE=2");
  assert.deepEqual(
    problems.map(({ line, message }) => `${line} ${message}`),
    ["3 mypaas.ulimit: nofile is already on line 2"],
  );
});

for (const [other, name] of [
  ["domain = a.example", "domain"],
  ["url = https://a.example", "url"],
  ["healthcheck = /up", "healthcheck"],
] as const)
  test(`port = none beside ${name} is refused`, () => {
    const { problems } = parse(`# mypaas.${other}\n# mypaas.port = none`);
    assert.deepEqual(problems, [
      {
        file: "Dockerfile",
        line: 3,
        column: 1,
        message: `mypaas.port: none, but mypaas.${name} (line 2) needs a port`,
        hint: `set the port that the service listens on, or remove mypaas.${name}`,
      },
    ]);
  });

test("a /dev/shm that maxmem leaves no room for gets a warning", () => {
  const warned = (lines: string) => parse(lines).warnings.map(({ message }) => message);
  assert.deepEqual(warned("# mypaas.maxmem = 256m\n# mypaas.shm = 256m"), [
    "mypaas.shm: 256m counts as memory, and mypaas.maxmem = 256m (line 2)",
  ]);
  assert.deepEqual(warned("# mypaas.maxmem = 1g\n# mypaas.shm = 256m"), []);
});
