import assert from "node:assert/strict";
import { test } from "node:test";
import { parseDockerfile } from "../../../src/core/dockerfile/parse.ts";
import { formatProblem, problemsError } from "../../../src/core/dockerfile/problems.ts";
import { assertLinear } from "../../support/growth.ts";

const parse = (text: string | Uint8Array) => {
  const { spec, problems, warnings } = parseDockerfile(Buffer.from(text), "Dockerfile");
  const say = (list: typeof problems) =>
    list.map((each) => formatProblem(each) + (each.hint === undefined ? "" : ` / ${each.hint}`));
  return { spec, problems: say(problems), warnings: say(warnings) };
};
const base = "# mypaas.service = web\nFROM a\n";
const missing = "mypaas.servicename is missing / add a line such as: # mypaas.servicename = web";
const empty = "has no instructions / begin with a base image, such as: FROM node:24-slim";

const noValue = "has no value / write: # mypaas.servicename = value";

const files: readonly (readonly [
  name: string,
  text: string | Uint8Array,
  problems: readonly string[],
])[] = [
  ["an empty file", "", [`Dockerfile:1:1: ${empty}`, `Dockerfile:1:1: ${missing}`]],
  ["a file of comments only", "# mypaas.service = web\n\n# x", [`Dockerfile:1:1: ${empty}`]],
  ["one line without a service name", "FROM postgres:17", [`Dockerfile:1:1: ${missing}`]],
  [
    "a file with a NUL byte",
    "FROM a\n# é\0",
    ["Dockerfile:2:4: contains a NUL byte, so it is not a text file"],
  ],
  [
    "UTF-16",
    Buffer.from("\ufeffFROM a", "utf16le"),
    ["Dockerfile:1:1: is UTF-16 text / save it as UTF-8"],
  ],
  [
    "a file that is far too long",
    new Uint8Array(4 * 2 ** 20 + 1),
    ["Dockerfile:1:1: has 4194305 bytes, more than 4194304"],
  ],
  ["Latin-1 in an ordinary comment", Buffer.from(`# caf\u00e9\n${base}`, "latin1"), []],
  [
    "Latin-1 in a value",
    Buffer.from(`${base}# mypaas.env = A=\u00e9`, "latin1"),
    ["Dockerfile:3:1: mypaas.env: contains bytes that are not UTF-8"],
  ],
  [
    "an unknown key",
    `${base}# mypaas.doman = x`,
    ["Dockerfile:3:10: unknown key mypaas.doman / did you mean mypaas.domain?"],
  ],
  [
    "a key like nothing known",
    `${base} #mypaas.com is nice`,
    ["Dockerfile:3:10: unknown key mypaas.com / run: mypaas help keys"],
  ],
  [
    "columns after wide characters",
    `${base}\u3000#\u3000mypaas.prot = 1`,
    ["Dockerfile:3:11: unknown key mypaas.prot / did you mean mypaas.port?"],
  ],
  [
    "a repeated key",
    `${base}# mypaas.port = 1\n# mypaas.PORT = 2`,
    ["Dockerfile:4:1: mypaas.port: already set on line 3 / keep one of the two lines"],
  ],
  [
    "a repeated key under its alias",
    `${base}# mypaas.servicename = web`,
    ["Dockerfile:3:1: mypaas.servicename: already set on line 1 / keep one of the two lines"],
  ],
  [
    "a repeated route",
    `${base}# mypaas.domain = a.example/\n# mypaas.domain = A.example`,
    ["Dockerfile:4:1: mypaas.domain: a.example is already on line 3"],
  ],
  [
    "a route by http and https",
    `${base}# mypaas.url = http://a.example\n# mypaas.url = https://a.example`,
    ["Dockerfile:4:1: mypaas.url: a.example is already on line 3"],
  ],
  [
    "a repeated volume target",
    `${base}# mypaas.volume = a:/x\n# mypaas.volume = b:/x/`,
    ["Dockerfile:4:1: mypaas.volume: /x is already on line 3"],
  ],
  [
    "a repeated variable",
    `${base}# mypaas.env = A=hunter2\n# mypaas.env = A`,
    ["Dockerfile:4:1: mypaas.env: A is already on line 3"],
  ],
  [
    "a repeated build argument",
    `${base}# mypaas.build-arg = A=1\n# mypaas.build-arg = A=2`,
    ["Dockerfile:4:1: mypaas.build-arg: A is already on line 3"],
  ],
  [
    "a port published twice",
    `${base}# mypaas.publish = 1:2\n# mypaas.publish = 0.0.0.0:1:3`,
    ["Dockerfile:4:1: mypaas.publish: port 1/tcp is already on line 3"],
  ],
  ["the same port by tcp and udp", `${base}# mypaas.publish = 1:2\n# mypaas.publish = 1:2/udp`, []],
  [
    "url beside domain",
    `${base}# mypaas.domain = a.example\n# mypaas.url = http://b.example`,
    [
      "Dockerfile:4:1: mypaas.url: cannot be combined with mypaas.domain (line 3) / write every route as mypaas.url, or use mypaas.domain with mypaas.https",
    ],
  ],
  [
    "https beside url",
    `${base}# mypaas.url = http://b.example\n# mypaas.https = true`,
    [
      "Dockerfile:4:1: mypaas.https: cannot be combined with mypaas.url (line 3) / write every route as mypaas.url, or use mypaas.domain with mypaas.https",
    ],
  ],
  [
    "a published port with several containers",
    `${base}# mypaas.scale = 2\n# mypaas.publish = 1:2`,
    [
      "Dockerfile:4:1: mypaas.publish: cannot be shared by 2 containers (mypaas.scale, line 3) / set mypaas.scale = 0, or remove mypaas.publish",
    ],
  ],
  ["a published port with one container", `${base}# mypaas.scale = 1\n# mypaas.publish = 1:2`, []],
  [
    "https for an address",
    `${base}# mypaas.url = https://1.2.3.4`,
    ["Dockerfile:3:1: mypaas.url: https is not possible for the IP address 1.2.3.4"],
  ],
  [
    "a stage by a name that does not exist",
    `${base}# mypaas.target = x`,
    [
      `Dockerfile:3:1: mypaas.target: no stage is named "x" / name it in the Dockerfile: FROM image AS name`,
    ],
  ],
  [
    "a heredoc that is never closed",
    `${base}RUN \\\n <<E\n# mypaas.x = 1\n E`,
    ["Dockerfile:3:1: heredoc E is never closed / end it with a line that is exactly: E"],
  ],
  [
    "a service without a name",
    "# mypaas.service =\nFROM a",
    [`Dockerfile:1:1: mypaas.servicename: ${noValue}`],
  ],
  [
    "a disabled line",
    `${base}#--- mypaas.port = x\n## mypaas.port = y\n# see mypaas.port = z\nRUN x # mypaas.port = 1`,
    [],
  ],
  [
    "problems in any order",
    "# mypaas.prot=1\n# mypaas.port=x\nFROM a\n# mypaas.scale=y",
    [
      `Dockerfile:1:1: ${missing}`,
      "Dockerfile:1:10: unknown key mypaas.prot / did you mean mypaas.port?",
      `Dockerfile:2:1: mypaas.port: should be a whole number from 1 to 65535, or none, got "x"`,
      `Dockerfile:4:1: mypaas.scale: should be 0, N, "N roll" or "N safe" with N from 1 to 100, got "y"`,
    ],
  ],
];

for (const [name, text, problems] of files) {
  test(`${name} ${problems.length === 0 ? "is fine" : "is explained"}`, () => {
    const parsed = parse(text);
    assert.deepEqual(parsed.problems, problems);
    assert.equal(parsed.spec === undefined, problems.length > 0);
  });
}

const warned: readonly (readonly [name: string, text: string, warnings: readonly string[]])[] = [
  [
    "a prefix with a slip",
    `${base}# mypass.port = 80`,
    ["Dockerfile:3:1: not a key of mypaas / did you mean mypaas.port?"],
  ],
  [
    "a directive below a key",
    `# mypaas.service = web\n# escape=\`\nFROM a \\\n# mypaas.port = 80\n`,
    ["Dockerfile:2:1: Docker ignores escape= below another comment / move it above line 1"],
  ],
  [
    "https without a domain",
    `${base}# mypaas.https = true`,
    ["Dockerfile:3:1: mypaas.https: has no effect without mypaas.domain"],
  ],
  [
    "strip-prefix without a path",
    `${base}# mypaas.domain=a\n# mypaas.strip-prefix = true`,
    ["Dockerfile:4:1: mypaas.strip-prefix: has no effect, because no route has a path"],
  ],
  [
    "sticky with one container",
    "# mypaas.service = web\n# mypaas.domain = a.example\n# mypaas.sticky = true\nFROM a\n",
    [
      "Dockerfile:3:1: mypaas.sticky: has no effect with one container / set mypaas.scale to 2 or more",
    ],
  ],
  [
    "sticky with scale 1",
    "# mypaas.service = web\n# mypaas.url = http://a.example\n# mypaas.sticky = true\n# mypaas.scale = 1\nFROM a\n",
    [
      "Dockerfile:3:1: mypaas.sticky: has no effect with one container / set mypaas.scale to 2 or more",
    ],
  ],
  [
    "sticky where it helps, or is off",
    "# mypaas.service = web\n# mypaas.domain = a.example\n# mypaas.sticky = true\n# mypaas.scale = 2\nFROM a\n",
    [],
  ],
  ["sticky that is off", "# mypaas.service = web\n# mypaas.sticky = false\nFROM a\n", []],
  [
    "keys of requests without a route",
    "# mypaas.service = web\n# mypaas.sticky = true\n# mypaas.protocol = h2c\n# mypaas.timeout = 5s\nFROM a\n",
    [
      "Dockerfile:2:1: mypaas.sticky: has no effect without mypaas.domain",
      "Dockerfile:3:1: mypaas.protocol: has no effect without mypaas.domain",
      "Dockerfile:4:1: mypaas.timeout: has no effect without mypaas.domain",
    ],
  ],
  [
    "h2c whose calls would wait",
    "# mypaas.service = web\n# mypaas.domain = a.example\n# mypaas.protocol = h2c\n# mypaas.scale = 2 safe\nFROM a\n",
    [
      "Dockerfile:3:1: mypaas.protocol: a call that waits for a new release may reach it twice / set mypaas.scale to 1 or more, without safe",
    ],
  ],
  [
    "h2c whose calls need not wait",
    "# mypaas.service = web\n# mypaas.domain = a.example\n# mypaas.protocol = h2c\n# mypaas.scale = 1\nFROM a\n",
    [],
  ],
  [
    "gRPC's health method without its protocol",
    "# mypaas.service = web\n# mypaas.domain = a.example\n# mypaas.healthcheck = /grpc.health.v1.Health/Check\nFROM a\n",
    [
      "Dockerfile:3:1: mypaas.healthcheck: is gRPC, which this service does not speak without mypaas.protocol = h2c",
    ],
  ],
];

for (const [name, text, warnings] of warned) {
  test(`${name} is a warning that stops nothing`, () => {
    const parsed = parse(text);
    assert.deepEqual(parsed.problems, []);
    assert.deepEqual(parsed.warnings, warnings);
    assert.ok(parsed.spec);
  });
}

test("after a hundred problems the rest is counted", () => {
  const { problems } = parse(base + "# mypaas.x = 1\n".repeat(250));
  assert.equal(problems.length, 101);
  assert.equal(problems.at(-1), "Dockerfile:103:10: and 150 more");
});

test("problems become one error that carries them all", () => {
  const one = parseDockerfile(Buffer.from(`${base}# mypaas.doman = x`), "Dockerfile").problems;
  const single = problemsError(one);
  assert.equal(single.message, "Dockerfile:3:10: unknown key mypaas.doman");
  assert.equal(single.hint, "did you mean mypaas.domain?");
  const two = parseDockerfile(
    Buffer.from(`${base}# mypaas.doman = x\n# mypaas.port=0`),
    "Dockerfile",
  ).problems;
  const several = problemsError(two);
  assert.equal(several.message, "Dockerfile: 2 problems");
  assert.deepEqual(several.details, [
    "Dockerfile:3:10: unknown key mypaas.doman",
    "  hint: did you mean mypaas.domain?",
    `Dockerfile:4:1: mypaas.port: should be a whole number from 1 to 65535, or none, got "0"`,
  ]);
  assert.equal(several.code, "dockerfile");
});

const lines = (count: number, line: (n: number) => string) =>
  Array.from({ length: count }, (_, n) => line(n)).join("\n");

/** Each about `bytes` long. */
const huge: readonly (readonly [name: string, text: (bytes: number) => string])[] = [
  ["key lines", (bytes) => "# mypaas.\n".repeat(bytes / 10)],
  ["different unknown keys", (bytes) => lines(bytes / 20, (n) => `# mypaas.k${n} = v`)],
  ["values of one key", (bytes) => lines(bytes / 25, (n) => `# mypaas.env = K${n}=v`)],
  ["one long value", (bytes) => `# mypaas.env = A=${"x".repeat(bytes)}`],
  ["spaces before a value", (bytes) => `# mypaas.port =${" ".repeat(bytes)}x`],
  ["spaces after a value", (bytes) => `# mypaas.port = x${" ".repeat(bytes)}`],
  ["continued lines", (bytes) => "RUN a\\\n# mypaas.env = A=1\n".repeat(bytes / 30)],
  [
    "heredocs on one line",
    (bytes) => `RUN ${"<<A ".repeat(bytes / 10)}\n${"A\n".repeat(bytes / 3)}`,
  ],
  ["quotes", (bytes) => `RUN <<${"'a'".repeat(bytes / 3)}`],
  ["backslashes", (bytes) => `RUN a${"\\ ".repeat(bytes / 2)}`],
];

for (const [name, text] of huge) {
  test(`a megabyte of ${name} is read in linear time`, () => {
    assertLinear(125_000, (bytes) => parse(text(bytes)));
  });
}

test("whatever the bytes are, the parser answers", () => {
  const pieces = [
    "# mypaas.",
    "port",
    "domain",
    "env",
    "volume",
    "scale",
    " = ",
    "=",
    "\n",
    "\r\n",
    "\\\n",
    '"',
    "'",
    "RUN ",
    "<<E",
    "E\n",
    "FROM a\n",
    "${",
    "}",
    "$",
    "`",
    "# escape=`\n",
    "\ufeff",
    "\0",
    "é",
    "\ud83d\ude42",
    "80",
    "~/a:/b",
    ":",
    "/",
    "*.",
    "xn--",
    ".",
    "\u202e",
    "<<-'E'",
    "\t",
    "COPY ",
  ];
  let seed = 20261121;
  const next = (below: number) => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((seed / 2 ** 32) * below);
  };
  for (let round = 0; round < 3000; round++) {
    const text = Array.from({ length: next(40) }, () => pieces[next(pieces.length)] ?? "").join("");
    const bytes = Buffer.from(next(4) === 0 ? text : text.replaceAll("\0", ""));
    if (bytes.length > 0 && next(3) === 0) bytes[next(bytes.length)] = next(256);
    const { spec, problems, warnings } = parseDockerfile(bytes, "Dockerfile");
    assert.equal(spec === undefined, problems.length > 0);
    for (const { line, column, message } of [...problems, ...warnings]) {
      assert.ok(line >= 1 && column >= 1);
      // oxlint-disable-next-line no-control-regex
      assert.doesNotMatch(message, /[\u0000-\u001f\u007f-\u009f\u202e]/);
    }
    for (const route of spec?.routes ?? []) assert.match(route.host, /^(\*\.)?[a-z0-9.-]+$/);
  }
});

test("a file that does not name its service is filled in for the service that is asked for", () => {
  const filled = (lines: string, service = "web") => {
    const { spec, problems } = parseDockerfile(Buffer.from(`${lines}\nFROM a`), "f", service);
    return spec === undefined
      ? problems.map(({ message }) => message)
      : [spec.service, ...spec.routes.map(({ host, path, https }) => `${https} ${host}${path}`)];
  };
  assert.deepEqual(filled(""), ["web", "false auto"]);
  assert.deepEqual(filled("# mypaas.https = true"), ["web", "true auto"]);
  assert.deepEqual(filled("# mypaas.domain = a.example.com"), ["web", "false a.example.com"]);
  assert.deepEqual(filled("# mypaas.url = https://a.example.com"), ["web", "true a.example.com"]);
  assert.deepEqual(filled("# mypaas.port = none"), ["web"]);
  // One that names its service is complete.
  assert.deepEqual(filled("# mypaas.servicename = worker"), ["worker"]);
  assert.deepEqual(filled("# mypaas.service = web"), ["web"]);
});
